// Runs the command deploy.mjs against a running Keystead, as docs/infrastructure.md describes it. Run by tests/clients/run.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("deploy.mjs", import.meta.url));

/** A directory of its own, in which the template of the stack `people` is deployed. */
function stack(t) {
  const directory = mkdtempSync(join(tmpdir(), "deploy-"));
  const run = (...args) =>
    new Promise((resolve) => {
      execFile(process.execPath, [COMMAND, "people.json", ...args], { cwd: directory }, (error, stdout, stderr) =>
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
});
