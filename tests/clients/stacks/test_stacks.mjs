// Puts templates of aws-cdk-lib, of Amplify and of people on a running Keystead, by the calls that CloudFormation's handlers
// make. Run by tests/clients/run.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";

import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";

import { deploy, destroy, readBack } from "./deploy.mjs";
import { differences, TYPES } from "./resources.mjs";
import { notYet, ONLY_NAMED, synthesize } from "./stacks.mjs";
import { REGION } from "./template.mjs";

/** What is read, without the times of changes: nobody knows whether the real service moves them when nothing changes. */
const withoutTimes = (read) =>
  JSON.parse(JSON.stringify(read, (name, value) => (name.endsWith("LastModifiedDate") ? undefined : value)));

const api = new CognitoIdentityProviderClient({ region: REGION, maxAttempts: 1 });

/** Deploys all stages of a stack, reads it back and deletes it. Fails if anything is not as the templates say. */
async function holds(name, templates) {
  const stackName = name.replace(/[^a-zA-Z0-9]+/g, "-");
  const state = {};
  try {
    for (const template of templates) {
      const { onlyNamed } = await deploy(api, template, { stackName, state });
      const unknown = onlyNamed.filter(({ type }) => !ONLY_NAMED.has(type));
      assert.deepEqual(unknown, [], "only named, but not in the list of stacks.mjs");
      const read = await readBack(api, state);
      const wrong = Object.entries(state.resources).flatMap(([id, { type, made, properties }]) =>
        differences(TYPES[type].given(made, properties, read[id]), read[id], id),
      );
      assert.deepEqual(wrong, [], "given, but not read back");
      await deploy(api, template, { stackName, state, again: true });
      assert.deepEqual(
        withoutTimes(await readBack(api, state)),
        withoutTimes(read),
        "an update with the same template changed something",
      );
    }
  } finally {
    const left = { resources: { ...state.resources } };
    await destroy(api, state, { all: true });
    for (const [id, { type, made }] of Object.entries(left.resources)) {
      if (type === "AWS::Cognito::UserPool") {
        await assert.rejects(TYPES[type].read(api, made), { name: "ResourceNotFoundException" }, `${id} was not deleted`);
      }
    }
  }
}

const templates = synthesize(randomBytes(4).toString("hex"));

// Most of the time is the server's, which makes keys for each pool.
describe("stacks", { concurrency: 4 }, () => {
  for (const [name, stages] of templates) {
    test(name, async () => {
      if (!(name in notYet)) return holds(name, stages);
      const error = await holds(name, stages).catch((error) => error);
      assert.ok(error, "the stack passes: remove it from notYet");
      assert.ok(error.message.includes(notYet[name]), `notYet expects "${notYet[name]}", but: ${error.message}`);
    });
  }
});

test("notYet names stacks", () => {
  assert.deepEqual(
    Object.keys(notYet).filter((name) => !templates.has(name)),
    [],
  );
});
