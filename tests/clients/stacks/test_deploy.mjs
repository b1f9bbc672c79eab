// Runs the command deploy.mjs against a running Keystead, as docs/infrastructure.md describes it. Run by tests/clients/run.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import {
  CognitoIdentityProviderClient,
  DeleteUserPoolCommand,
  DeleteUserPoolDomainCommand,
  DescribeUserPoolCommand,
} from "@aws-sdk/client-cognito-identity-provider";

import { REGION } from "./template.mjs";

const COMMAND = fileURLToPath(new URL("deploy.mjs", import.meta.url));

// The SDK warns of old versions of Node.js on standard error.
const env = { ...process.env, NODE_NO_WARNINGS: "1" };

/** A directory of its own, in which the template of the stack `people` is deployed. */
function stack(t) {
  const directory = mkdtempSync(join(tmpdir(), "deploy-"));
  const run = (...args) =>
    new Promise((resolve) => {
      execFile(process.execPath, [COMMAND, "people.json", ...args], { cwd: directory, env }, (error, stdout, stderr) =>
        resolve({ code: error ? error.code : 0, stdout, stderr }),
      );
    });
  t.after(async () => {
    await run("--delete", "--all");
    rmSync(directory, { recursive: true });
  });
  const write = (Resources, Outputs) => writeFileSync(join(directory, "people.json"), JSON.stringify({ Resources, Outputs }));
  return {
    run,
    write,
    /** Deploys these resources, which must succeed. `lines` is what the command says of each resource. */
    async deploys(resources, outputs) {
      write(resources, outputs);
      const { code, stdout, stderr } = await run();
      assert.equal(code, 0, stderr);
      return { outputs: JSON.parse(stdout), lines: stderr };
    },
  };
}

const api = new CognitoIdentityProviderClient({ region: REGION });
const describePool = (UserPoolId) => api.send(new DescribeUserPoolCommand({ UserPoolId }));

const pool = (Properties = {}, more = {}) => ({ Type: "AWS::Cognito::UserPool", Properties, ...more });

describe("deploy.mjs", { concurrency: 2 }, () => {
  test("a pool's provider is its issuer", async (t) => {
    const { outputs } = await stack(t).deploys(
      { Pool: pool() },
      { Url: { Value: { "Fn::GetAtt": "Pool.ProviderURL" } }, Name: { Value: { "Fn::GetAtt": "Pool.ProviderName" } } },
    );
    const discovery = await (await fetch(`${outputs.Url}/.well-known/openid-configuration`)).json();
    assert.equal(outputs.Url, discovery.issuer);
    assert.equal(`http://${outputs.Name}`, discovery.issuer);
  });

  test("a standard attribute that is added later is named", async (t) => {
    const { deploys, write, run } = stack(t);
    await deploys({ Pool: pool() });
    write({ Pool: pool({ Schema: [{ Name: "plan" }, { Name: "given_name", Required: true }] }) });
    const { code, stderr } = await run();
    assert.equal(code, 1);
    assert.match(stderr, /: given_name: a pool's standard attributes cannot be changed after it was made/);
  });

  test("each resource has a line that says what was done with it", async (t) => {
    const { deploys, run } = stack(t);
    const group = (Description) => ({
      Type: "AWS::Cognito::UserPoolGroup",
      Properties: { UserPoolId: { Ref: "Pool" }, GroupName: "staff", Description },
    });
    const named = { Type: "AWS::IAM::Role" };
    const both = { Pool: pool(), Staff: group("one"), Role: named, CDKMetadata: { Type: "AWS::CDK::Metadata" } };
    const words = (lines) => lines.replace(/[\w-]+_\w+$/gm, "ID").trim().split("\n");

    assert.deepEqual(words((await deploys(both)).lines), [
      "created: Pool (AWS::Cognito::UserPool) ID",
      "created: Staff (AWS::Cognito::UserPoolGroup) staff",
      "only named, not made: Role (AWS::IAM::Role)",
    ]);
    assert.deepEqual(words((await deploys({ ...both, Staff: group("two") })).lines), [
      "unchanged: Pool (AWS::Cognito::UserPool) ID",
      "updated: Staff (AWS::Cognito::UserPoolGroup) staff",
    ]);
    assert.deepEqual(words((await deploys({ Pool: pool() })).lines), [
      "unchanged: Pool (AWS::Cognito::UserPool) ID",
      "deleted: Staff (AWS::Cognito::UserPoolGroup) staff",
    ]);
    assert.deepEqual(words((await run("--delete")).stderr), ["deleted: Pool (AWS::Cognito::UserPool) ID"]);
  });

  test("a pool that was kept is named, and --delete --all deletes it later", async (t) => {
    const { deploys, run } = stack(t);
    const outputs = { Id: { Value: { Ref: "Pool" } } };
    const { outputs: made } = await deploys({ Pool: pool({}, { DeletionPolicy: "Retain" }) }, outputs);
    const kept = `kept: Pool (AWS::Cognito::UserPool) ${made.Id}\n`;
    for (const { stderr } of [await run("--delete"), await run("--delete")]) assert.ok(stderr.startsWith(kept), stderr);
    await describePool(made.Id);
    assert.equal((await run("--delete", "--all")).stderr, kept.replace("kept", "deleted"));
    await assert.rejects(describePool(made.Id), { name: "ResourceNotFoundException" });
  });

  test("a kept pool that is put back is a new one", async (t) => {
    const { deploys } = stack(t);
    const outputs = { Id: { Value: { Ref: "Pool" } } };
    const retained = (Properties) => ({ Pool: pool(Properties, { DeletionPolicy: "Retain" }) });
    const { outputs: old } = await deploys(retained(), outputs);
    await deploys({});
    const { outputs: made } = await deploys(retained({ UsernameAttributes: ["email"] }), outputs);
    assert.notEqual(made.Id, old.Id);
    await describePool(old.Id);
  });

  test("a stack that was not deployed cannot be deleted", async (t) => {
    const { code, stderr } = await stack(t).run("--delete");
    assert.equal(code, 1);
    assert.match(stderr, /nothing to delete: people\.deployed\.json does not exist/);
  });

  /** A pool that is removed behind the command's back, as if the server's data had been emptied. */
  async function lostPool(t) {
    const { deploys, run } = stack(t);
    const resources = {
      Pool: pool(),
      Domain: {
        Type: "AWS::Cognito::UserPoolDomain",
        Properties: { UserPoolId: { Ref: "Pool" }, Domain: `deploy-${randomUUID()}` },
      },
      Ada: { Type: "AWS::Cognito::UserPoolUser", Properties: { UserPoolId: { Ref: "Pool" }, Username: "ada" } },
    };
    const { outputs } = await deploys(resources, { Id: { Value: { Ref: "Pool" } }, Domain: { Value: { Ref: "Domain" } } });
    await api.send(new DeleteUserPoolDomainCommand({ UserPoolId: outputs.Id, Domain: outputs.Domain }));
    await api.send(new DeleteUserPoolCommand({ UserPoolId: outputs.Id }));
    return { run, id: outputs.Id };
  }

  test("a state file of another server is named", async (t) => {
    const { run, id } = await lostPool(t);
    const { code, stderr } = await run();
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`${id} is not on this server, .*\\. Remove people\\.deployed\\.json to deploy anew`));
  });

  test("what is not on the server counts as deleted", async (t) => {
    const { run } = await lostPool(t);
    const { code, stderr } = await run("--delete");
    assert.equal(code, 0, stderr);
    assert.deepEqual(
      stderr.match(/^deleted already: \w+/gm).sort(),
      ["Ada", "Domain", "Pool"].map((id) => `deleted already: ${id}`),
    );
  });
});
