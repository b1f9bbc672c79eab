// Puts templates of aws-cdk-lib, of Amplify and of people on a running Keystead, by the calls that CloudFormation's handlers
// make. Run by tests/clients/run.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";

import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";

import { deploy, destroy, readBack, resourcesOf } from "./deploy.mjs";
import { differences, TYPES } from "./resources.mjs";
import { notYet, ONLY_NAMED, synthesize } from "./stacks.mjs";
import { REGION } from "./template.mjs";

const api = new CognitoIdentityProviderClient({ region: REGION, maxAttempts: 1 });

/** Deploys all stages of a stack, reads it back and deletes it. Fails if anything is not as the templates say. */
async function holds(name, stages) {
  const stackName = name.replace(/[^a-zA-Z0-9]+/g, "-");
  const state = { resources: {} };
  try {
    for (const { template, directory } of stages) {
      const { onlyNamed } = await deploy(api, template, { stackName, state, directory });
      const unknown = onlyNamed.filter(({ type }) => !ONLY_NAMED.has(type));
      assert.deepEqual(unknown, [], "only named, but not in the list of stacks.mjs");
      const read = await readBack(api, state);
      const wrong = [...resourcesOf(state)].flatMap(([path, { type, made, properties }]) =>
        differences(TYPES[type].given(made, properties, read[path]), read[path], path),
      );
      assert.deepEqual(wrong, [], "given, but not read back");
      await deploy(api, template, { stackName, state, directory, again: true });
      assert.deepEqual(
        await readBack(api, state),
        read,
        "an update with the same template changed something",
      );
    }
  } catch (error) {
    await destroy(api, state, { all: true }).catch(() => {});
    throw error;
  }
  const pools = [...resourcesOf(state)].filter(([, { type }]) => type === "AWS::Cognito::UserPool");
  assert.notEqual(pools.length, 0);
  await destroy(api, state, { all: true });
  for (const [path, { type, made }] of pools) {
    await assert.rejects(TYPES[type].read(api, made), { name: "ResourceNotFoundException" }, `${path} was not deleted`);
  }
}

const templates = synthesize(randomBytes(4).toString("hex"));

// Most of the time is the server's, which makes keys for each pool.
describe("stacks", { concurrency: 4 }, () => {
  for (const [name, stages] of templates) {
    test(name, async () => {
      if (!(name in notYet)) return holds(name, stages);
      const error = await holds(name, stages).then(
        () => undefined,
        (error) => error,
      );
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
