#!/usr/bin/env node
/**
 * Puts the user pools of a CloudFormation template on a server with the Amazon Cognito user-pools API, as CloudFormation
 * would. docs/infrastructure.md describes the command.
 */

import { readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";

import { CognitoIdentityProviderClient } from "@aws-sdk/client-cognito-identity-provider";

import { isMissing, TYPES } from "./resources.mjs";
import { ACCOUNT, ENDPOINT, REGION, Template } from "./template.mjs";

const arn = (service, resource, region = REGION) => `arn:aws:${service}:${region}:${ACCOUNT}:${resource}`;

/**
 * The ARNs of resources of other services that user pools refer to. The name in a function's ARN decides at which address
 * Keystead calls it (docs/triggers.md).
 */
const ARNS = {
  "AWS::IAM::Role": (id, { RoleName }) => arn("iam", `role/${RoleName ?? id}`, ""),
  "AWS::KMS::Key": (id) => arn("kms", `key/${id}`),
  "AWS::KinesisFirehose::DeliveryStream": (id, { DeliveryStreamName }) =>
    arn("firehose", `deliverystream/${DeliveryStreamName ?? id}`),
  "AWS::Lambda::Function": (id, { FunctionName }) => arn("lambda", `function:${FunctionName ?? id}`),
  "AWS::Logs::LogGroup": (id, { LogGroupName }) => arn("logs", `log-group:${LogGroupName ?? id}`),
  "AWS::S3::Bucket": (id, { BucketName }) => `arn:aws:s3:::${BucketName ?? id.toLowerCase()}`,
};

/** A resource of another service: nothing makes it, it only gets a name. */
function named(type, id, properties) {
  const itsArn = ARNS[type]?.(id, properties) ?? arn("cloudformation", `${type.toLowerCase().replaceAll("::", "-")}/${id}`);
  return (attribute) => {
    if (attribute === undefined) return id;
    return attribute === "Arn" || attribute.endsWith("Arn") ? itsArn : `${id}.${attribute}`;
  };
}

const isOfUserPools = (type) => type.startsWith("AWS::Cognito::") && !type.startsWith("AWS::Cognito::IdentityPool");

const PUT_BACK = "remove the resource from the template, deploy, and put it back";

/** What the state file says is not so on this server. */
class StaleState extends Error {}

/** Reads a resource that was made by an earlier deployment. */
async function readMade(api, { type, made, properties }) {
  try {
    return await TYPES[type].read(api, made, properties);
  } catch (error) {
    if (!isMissing(error)) throw error;
    if (type === "AWS::Cognito::UserPool") throw new StaleState(`${made.id} is not on this server, ${ENDPOINT}`);
    throw new Error(`it is not on this server, ${ENDPOINT}: ${PUT_BACK}`);
  }
}

/**
 * Creates or updates a stack. `state.resources` says what was made before, by logical ID, and is kept up to date, so it is
 * right after a failure, too.
 *
 * @param again update also what the template did not change
 * @param directory where the templates of nested stacks are
 * @param path the logical IDs of the stacks that a nested stack is in
 * @param kept remembers the resources that were not deleted
 * @param report `report(what, { path, type, made })` is told what was done with each resource
 * @returns the outputs, and the types and paths of the resources that were only named
 */
export async function deploy(api, source, options) {
  const { stackName, parameters, state, directory = ".", again = false, path = "", report = () => {} } = options;
  const { kept = (state.kept ??= []) } = options;
  state.resources ??= {};
  const found = {};
  const lookup = (id, attribute) => {
    if (!(id in found)) throw new Error(`${id} is needed before it is made, or the template lacks it`);
    const value = found[id](attribute);
    if (value === undefined) throw new Error(`${id} has no attribute ${attribute}`);
    return value;
  };
  const template = new Template(source, { stackName, parameters, lookup });
  const resources = template.resources();
  const onlyNamed = [];
  for (const id of template.order()) {
    const { Type: type, Properties = {}, Metadata = {}, DeletionPolicy: policy } = resources.get(id);
    const kind = TYPES[type];
    const before = state.resources[id];
    try {
      if (type === "AWS::CloudFormation::Stack") {
        const { Parameters } = template.resolve(Properties);
        const nested = (state.resources[id] ??= { type, policy });
        const file = join(directory, Metadata["aws:asset:path"] ?? "");
        const child = await deploy(api, JSON.parse(readFileSync(file, "utf8")), {
          stackName: `${stackName}-${id}`,
          parameters: Parameters,
          state: nested,
          directory,
          again,
          path: `${path}${id}/`,
          kept,
          report,
        });
        onlyNamed.push(...child.onlyNamed);
        found[id] = (attribute) => (attribute ? child.outputs[attribute.replace(/^Outputs\./, "")] : id);
        continue;
      }
      if (isOfUserPools(type) && !kind) throw new Error(`${type} is not supported`);
      if (!kind) {
        if (type !== "AWS::CDK::Metadata") onlyNamed.push({ type, path: `${path}${id}` });
        // Other services' properties may refer to anything. Those that make up a name are plain text.
        found[id] = named(
          type,
          id,
          Object.fromEntries(Object.entries(Properties).filter(([, value]) => typeof value === "string")),
        );
        continue;
      }
      const properties = template.resolve(Properties);
      let { made } = before ?? {};
      const changes = (names) =>
        names.some((name) => JSON.stringify(before.properties[name]) !== JSON.stringify(properties[name]));
      const changed = before && changes(Object.keys({ ...properties, ...before.properties }));
      if (changed && changes(kind.update ? kind.replacedBy : Object.keys(properties))) {
        throw new Error(`this change needs a new resource: ${PUT_BACK}. It gets a new ID then, and a pool has no users`);
      }
      let done = "unchanged";
      let read = before && (await readMade(api, before));
      if (!before) {
        made = await kind.create(api, properties, id);
        done = "created";
      } else if (kind.update && (changed || again)) {
        made = await kind.update(api, before.made, properties, before.properties, read);
        done = "updated";
      }
      state.resources[id] = { type, policy, made, properties };
      report(done, { path: `${path}${id}`, type, made });
      if (done !== "unchanged") read = await kind.read(api, made, properties);
      found[id] = (attribute) => (attribute ? kind.attributes?.(read, made)[attribute] : kind.ref(read, made));
    } catch (error) {
      error.message = `${stackName}: ${id} (${type}): ${error.message}`;
      throw error;
    }
  }
  const gone = Object.keys(state.resources).filter((id) => !resources.has(id));
  await destroy(api, state, { only: gone, path, kept, report });
  return { outputs: template.outputs(), onlyNamed };
}

/**
 * Deletes what a stack made, the last first. As CloudFormation does, it keeps resources whose DeletionPolicy is `Retain`,
 * unless `all` is true: then it also deletes those that were kept before.
 */
export async function destroy(api, state, options = {}) {
  const { only = Object.keys(state.resources), all = false, path = "", report = () => {} } = options;
  const { kept = (state.kept ??= []) } = options;
  const remove = async (one) => {
    try {
      await TYPES[one.type].delete(api, one.made);
      report("deleted", one);
    } catch (error) {
      if (!isMissing(error)) throw error;
      report("deleted already", one);
    }
  };
  for (const id of only.reverse()) {
    const { type, policy, made, resources } = state.resources[id];
    const one = { path: `${path}${id}`, type, made };
    if (resources) {
      await destroy(api, state.resources[id], { all, path: `${one.path}/`, report, kept });
    } else if (policy?.startsWith("Retain") && !all) {
      kept.push(one);
      report("kept", one);
    } else {
      await remove(one);
    }
    delete state.resources[id];
  }
  while (all && kept.length > 0) {
    await remove(kept[0]);
    kept.shift();
  }
}

/** What a stack and its nested stacks made, as `[path, resource]`. */
export function* resourcesOf(state, path = "") {
  for (const [id, resource] of Object.entries(state.resources)) {
    if (resource.resources) yield* resourcesOf(resource, `${path}${id}/`);
    else yield [`${path}${id}`, resource];
  }
}

/** All that the API tells of a stack's resources, by their paths. */
export async function readBack(api, state) {
  const read = {};
  for (const [path, { type, made, properties }] of resourcesOf(state)) {
    read[path] = await TYPES[type].read(api, made, properties);
  }
  return read;
}

const USAGE = `Usage: node deploy.mjs TEMPLATE.json [--parameter NAME=VALUE]... [--state FILE] [--delete [--all]]

Creates the user pools of a CloudFormation template, or updates those that it created before. Prints what was done with each
resource on standard error, and the stack's outputs on standard output.
AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER says where. The state file (by default TEMPLATE.deployed.json in the working
directory) says what was created.
--delete deletes it again, except what has the DeletionPolicy Retain; --all deletes that, too, and what was kept before.`;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      parameter: { type: "string", multiple: true, default: [] },
      state: { type: "string" },
      delete: { type: "boolean", default: false },
      all: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [file, ...more] = positionals;
  if (values.help || !file || more.length > 0) {
    console.error(USAGE);
    process.exit(values.help ? 0 : 2);
  }
  if (!ENDPOINT) {
    throw new Error("Set AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER to the server's URL; otherwise the calls would go to AWS");
  }
  const stackName = basename(file).replace(/(\.template)?\.json$/, "");
  const stateFile = values.state ?? `${stackName}.deployed.json`;
  if (values.delete && !existsSync(stateFile)) {
    throw new Error(`There is nothing to delete: ${stateFile} does not exist. Name the state file with --state`);
  }
  const state = existsSync(stateFile) ? JSON.parse(readFileSync(stateFile, "utf8")) : { resources: {} };
  const api = new CognitoIdentityProviderClient({ region: REGION });
  // The parameters may be secrets, and so may be what is made from them.
  const save = () => writeFileSync(stateFile, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  const report = (what, { path, type, made }) => console.error(`${what}: ${path} (${type}) ${made.id ?? ""}`.trimEnd());
  try {
    if (values.delete) {
      if (!values.all) for (const one of state.kept ?? []) report("kept", one);
      await destroy(api, state, { all: values.all, report });
      if (state.kept.length > 0) console.error("The DeletionPolicy of what was kept is Retain. Delete it with --delete --all");
    } else {
      const parameters = Object.fromEntries(values.parameter.map((one) => one.split(/=(.*)/s)));
      const source = JSON.parse(readFileSync(file, "utf8"));
      const directory = dirname(file);
      const { outputs, onlyNamed } = await deploy(api, source, { stackName, parameters, state, directory, report });
      const names = onlyNamed.map(({ type, path }) => `${path} (${type})`);
      const news = names.filter((name) => !state.named?.includes(name));
      if (news.length > 0) console.error(`only named, not made: ${news.join(", ")}`);
      state.named = names;
      console.log(JSON.stringify(outputs, null, 2));
    }
  } catch (error) {
    if (error instanceof StaleState) error.message += `. Remove ${stateFile} to deploy anew`;
    throw error;
  } finally {
    if (Object.keys(state.resources).length > 0 || state.kept?.length > 0) save();
    else rmSync(stateFile, { force: true });
  }
}

if (process.argv[1] && import.meta.url === new URL(`file://${process.argv[1]}`).href) {
  main().catch((error) => {
    console.error(`deploy: ${error.message}`);
    process.exit(1);
  });
}
