/**
 * The resource types of user pools: the calls that CloudFormation's handlers make for each, and what is read back.
 *
 * CloudFormation's handlers are not public. Their calls follow from the types' documentation, from the permissions that
 * their registered schemas list, and from what others measured (go-to-k/cdkd issues 1920, 1968, 1977 and 2064).
 */

import * as sdk from "@aws-sdk/client-cognito-identity-provider";
import { NormalizedSchema } from "@smithy/core/schema";
import { randomBytes } from "node:crypto";

import { ENDPOINT } from "./template.mjs";

const inputOf = (operation) => NormalizedSchema.of(new sdk[`${operation}Command`]({}).schema[4]());

/** Calls an operation. The input has the types of the API already (see `input`). */
export const call = (api, operation, input) => api.send(new sdk[`${operation}Command`](input));

// What DeleteUserPoolDomain says of a domain that is not there. The operation's other errors have the same name.
const NO_DOMAIN = "No such domain or user pool exists.";

/** Whether an error says that a resource is not on the server. */
export const isMissing = ({ name, message }) =>
  ["ResourceNotFoundException", "UserNotFoundException"].includes(name) || message === NO_DOMAIN;

/** A value of a template in the type that the API has for it: templates write numbers and booleans as strings, too. */
function typed(value, schema, path) {
  if (schema.isListSchema()) return [value].flat().map((one, n) => typed(one, schema.getValueSchema(), `${path}[${n}]`));
  if (schema.isMapSchema()) {
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => [key, typed(one, schema.getValueSchema(), `${path}.${key}`)]),
    );
  }
  if (schema.isStructSchema()) {
    const members = new Map(schema.structIterator());
    return Object.fromEntries(
      Object.entries(value).map(([key, one]) => {
        if (!members.has(key)) throw new Error(`${path}.${key}: the API has no such member`);
        return [key, typed(one, members.get(key), `${path}.${key}`)];
      }),
    );
  }
  if (schema.isBooleanSchema()) {
    if (!["true", "false"].includes(String(value))) throw new Error(`${path}: ${value} is not a boolean`);
    return String(value) === "true";
  }
  if (schema.isNumericSchema()) {
    if (value === "" || Number.isNaN(Number(value))) throw new Error(`${path}: ${value} is not a number`);
    return Number(value);
  }
  if (schema.isBlobSchema()) return Buffer.from(value, "base64");
  return schema.isStringSchema() ? String(value) : value;
}

/** The input of an operation. Members that are undefined are left out; a member that the operation lacks is an error. */
function input(operation, members) {
  const given = Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  return typed(given, inputOf(operation), operation);
}

const without = (object, ...names) => Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));

/** The name that CloudFormation invents for a resource that has none. */
const generated = (logicalId) => `${logicalId}-${randomBytes(9).toString("hex").slice(0, 12)}`;

// Properties of AWS::Cognito::UserPool that CreateUserPool and UpdateUserPool lack; SetUserPoolMfaConfig has them.
const MFA_PROPERTIES = [
  "EnabledMfas",
  "EmailAuthenticationMessage",
  "EmailAuthenticationSubject",
  "WebAuthnRelyingPartyID",
  "WebAuthnUserVerification",
  "WebAuthnFactorConfiguration",
];
// The properties that only CreateUserPool takes. AddCustomAttributes adds to `Schema`.
const ONLY_AT_CREATION = ["AliasAttributes", "UsernameAttributes", "UsernameConfiguration", "Schema"];

const sets = (properties) => MFA_PROPERTIES.some((name) => properties[name] !== undefined);

/** The input of SetUserPoolMfaConfig. */
function mfaInput(UserPoolId, properties) {
  const factors = [properties.EnabledMfas ?? []].flat();
  const { EmailAuthenticationMessage: Message, EmailAuthenticationSubject: Subject } = properties;
  const email = factors.includes("EMAIL_OTP") || Message !== undefined || Subject !== undefined;
  const webAuthn = {
    RelyingPartyId: properties.WebAuthnRelyingPartyID,
    UserVerification: properties.WebAuthnUserVerification,
    FactorConfiguration: properties.WebAuthnFactorConfiguration,
  };
  const defined = (members) => Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
  return input("SetUserPoolMfaConfig", {
    UserPoolId,
    MfaConfiguration: properties.MfaConfiguration ?? (factors.length > 0 || email ? "OPTIONAL" : "OFF"),
    SoftwareTokenMfaConfiguration: factors.includes("SOFTWARE_TOKEN_MFA") ? { Enabled: true } : undefined,
    SmsMfaConfiguration: factors.includes("SMS_MFA")
      ? defined({ SmsConfiguration: properties.SmsConfiguration, SmsAuthenticationMessage: properties.SmsAuthenticationMessage })
      : undefined,
    EmailMfaConfiguration: email ? defined({ Message, Subject }) : undefined,
    WebAuthnConfiguration: Object.values(webAuthn).some((value) => value !== undefined) ? defined(webAuthn) : undefined,
  });
}

/** The input of CreateUserPool. MFA is switched on afterwards if only SetUserPoolMfaConfig can name its factors. */
function poolInput(operation, name, properties, more = {}) {
  const own = sets(properties) ? [...MFA_PROPERTIES, "MfaConfiguration"] : [];
  return input(operation, { PoolName: name, ...without(properties, "UserPoolName", ...own), ...more });
}

/** An attribute as DescribeUserPool shows it: the names of custom attributes have a prefix there. */
const byName = (attributes) => Object.fromEntries(attributes.map((one) => [one.Name, one]));
function shownSchema(given, read) {
  return Object.fromEntries(
    given.map((attribute) => {
      const prefix = attribute.DeveloperOnlyAttribute ? "dev:custom:" : "custom:";
      const Name = attribute.Name in read ? attribute.Name : `${prefix}${attribute.Name}`;
      return [Name, { ...attribute, Name }];
    }),
  );
}

/**
 * The attributes that an update adds to `Schema`. Only custom attributes can be added, and none can be changed. Each pool
 * has all standard attributes: AddCustomAttributes would make a custom attribute of the same name.
 */
function addedAttributes(before = [], after = [], read) {
  const [old, given] = [byName(before), byName(after)];
  const names = Object.keys({ ...old, ...given });
  const changed = names.filter((name) => JSON.stringify(old[name]) !== JSON.stringify(given[name]));
  const standard = changed.filter((name) => name in read);
  if (standard.length > 0) {
    throw new Error(
      `${standard.join(", ")}: a pool's standard attributes cannot be changed after it was made. Leave them as they were`,
    );
  }
  const existing = changed.filter((name) => name in old);
  if (existing.length > 0) {
    throw new Error(`${existing.join(", ")}: existing attributes cannot be modified or deleted. Leave them as they were`);
  }
  return after.filter(({ Name }) => changed.includes(Name));
}

const userPool = {
  replacedBy: ["AliasAttributes", "UsernameAttributes", "UsernameConfiguration"],
  async create(api, properties, logicalId) {
    const name = properties.UserPoolName ?? generated(logicalId);
    const { UserPool } = await call(api, "CreateUserPool", poolInput("CreateUserPool", name, properties));
    if (sets(properties)) await call(api, "SetUserPoolMfaConfig", mfaInput(UserPool.Id, properties));
    return { id: UserPool.Id, name };
  },
  async update(api, { id, name }, properties, before, { UserPool }) {
    const changed = properties.UserPoolName ?? name;
    const added = addedAttributes(before.Schema, properties.Schema, UserPool.SchemaAttributes);
    const update = poolInput("UpdateUserPool", changed, without(properties, ...ONLY_AT_CREATION), { UserPoolId: id });
    await call(api, "UpdateUserPool", update);
    if (sets(properties) || sets(before)) await call(api, "SetUserPoolMfaConfig", mfaInput(id, properties));
    if (added.length > 0) {
      await call(api, "AddCustomAttributes", input("AddCustomAttributes", { UserPoolId: id, CustomAttributes: added }));
    }
    return { id, name: changed };
  },
  delete: (api, { id }) => call(api, "DeleteUserPool", { UserPoolId: id }),
  async read(api, { id: UserPoolId }) {
    const { UserPool } = await call(api, "DescribeUserPool", { UserPoolId });
    const { $metadata, ...Mfa } = await call(api, "GetUserPoolMfaConfig", { UserPoolId });
    return { UserPool: { ...UserPool, SchemaAttributes: byName(UserPool.SchemaAttributes) }, Mfa };
  },
  given({ id, name }, properties, read) {
    const { PoolName, Schema = [], ...members } = poolInput("CreateUserPool", name, properties);
    const mfa = sets(properties) ? without(mfaInput(id, properties), "UserPoolId") : {};
    const MfaConfiguration = mfa.MfaConfiguration ?? members.MfaConfiguration ?? "OFF";
    return {
      UserPool: {
        ...members,
        Name: PoolName,
        SchemaAttributes: shownSchema(Schema, read.UserPool.SchemaAttributes),
        MfaConfiguration,
      },
      Mfa: { ...mfa, MfaConfiguration },
    };
  },
  ref: ({ UserPool }) => UserPool.Id,
  attributes: ({ UserPool }) => ({
    Arn: UserPool.Arn,
    // The issuer of the pool's tokens, with and without its scheme.
    ProviderName: `${ENDPOINT.replace(/^https?:\/\//, "")}/${UserPool.Id}`,
    ProviderURL: `${ENDPOINT}/${UserPool.Id}`,
    UserPoolId: UserPool.Id,
  }),
};

const userPoolClient = {
  replacedBy: ["UserPoolId", "GenerateSecret"],
  async create(api, properties, logicalId) {
    const name = properties.ClientName ?? generated(logicalId);
    const made = await call(api, "CreateUserPoolClient", input("CreateUserPoolClient", { ...properties, ClientName: name }));
    return { id: made.UserPoolClient.ClientId, name, UserPoolId: properties.UserPoolId };
  },
  async update(api, { id, name, UserPoolId }, properties) {
    const changed = properties.ClientName ?? name;
    const members = { ...without(properties, "GenerateSecret"), ClientId: id, ClientName: changed };
    await call(api, "UpdateUserPoolClient", input("UpdateUserPoolClient", members));
    return { id, name: changed, UserPoolId };
  },
  delete: (api, { id, UserPoolId }) => call(api, "DeleteUserPoolClient", { ClientId: id, UserPoolId }),
  async read(api, { id, UserPoolId }) {
    const { UserPoolClient } = await call(api, "DescribeUserPoolClient", { ClientId: id, UserPoolId });
    return { UserPoolClient, HasSecret: UserPoolClient.ClientSecret !== undefined };
  },
  given({ name }, properties) {
    const { GenerateSecret, ...members } = input("CreateUserPoolClient", { ...properties, ClientName: name });
    return { UserPoolClient: members, HasSecret: GenerateSecret === true };
  },
  ref: ({ UserPoolClient }) => UserPoolClient.ClientId,
  attributes: ({ UserPoolClient: client }) => ({
    ClientId: client.ClientId,
    ClientSecret: client.ClientSecret,
    Name: client.ClientName,
  }),
};

const userPoolDomain = {
  replacedBy: ["UserPoolId", "Domain"],
  async create(api, properties) {
    await call(api, "CreateUserPoolDomain", input("CreateUserPoolDomain", properties));
    return { id: properties.Domain, UserPoolId: properties.UserPoolId };
  },
  async update(api, made, properties) {
    await call(api, "UpdateUserPoolDomain", input("UpdateUserPoolDomain", properties));
    return made;
  },
  delete: (api, { id, UserPoolId }) => call(api, "DeleteUserPoolDomain", { Domain: id, UserPoolId }),
  async read(api, { id }) {
    const { DomainDescription } = await call(api, "DescribeUserPoolDomain", { Domain: id });
    if (!DomainDescription.Domain) throw new Error(NO_DOMAIN);
    return { DomainDescription };
  },
  given: (_, properties) => ({ DomainDescription: { ...input("CreateUserPoolDomain", properties), Status: "ACTIVE" } }),
  ref: ({ DomainDescription }) => DomainDescription.Domain,
  attributes: ({ DomainDescription: domain }) => ({ CloudFrontDistribution: domain.CloudFrontDistribution, Id: domain.Domain }),
};

const userPoolResourceServer = {
  replacedBy: ["UserPoolId", "Identifier"],
  async create(api, properties) {
    await call(api, "CreateResourceServer", input("CreateResourceServer", properties));
    return { id: properties.Identifier, UserPoolId: properties.UserPoolId };
  },
  async update(api, made, properties) {
    await call(api, "UpdateResourceServer", input("UpdateResourceServer", properties));
    return made;
  },
  delete: (api, { id, UserPoolId }) => call(api, "DeleteResourceServer", { Identifier: id, UserPoolId }),
  async read(api, { id, UserPoolId }) {
    const { ResourceServer } = await call(api, "DescribeResourceServer", { Identifier: id, UserPoolId });
    return { ResourceServer };
  },
  given: (_, properties) => ({ ResourceServer: input("CreateResourceServer", properties) }),
  ref: ({ ResourceServer }) => ResourceServer.Identifier,
};

const userPoolGroup = {
  replacedBy: ["UserPoolId", "GroupName"],
  async create(api, properties, logicalId) {
    const id = properties.GroupName ?? generated(logicalId);
    await call(api, "CreateGroup", input("CreateGroup", { ...properties, GroupName: id }));
    return { id, UserPoolId: properties.UserPoolId };
  },
  async update(api, made, properties) {
    await call(api, "UpdateGroup", input("UpdateGroup", { ...properties, GroupName: made.id }));
    return made;
  },
  delete: (api, { id, UserPoolId }) => call(api, "DeleteGroup", { GroupName: id, UserPoolId }),
  async read(api, { id, UserPoolId }) {
    const { Group } = await call(api, "GetGroup", { GroupName: id, UserPoolId });
    return { Group };
  },
  given: ({ id }, properties) => ({ Group: input("CreateGroup", { ...properties, GroupName: id }) }),
  ref: ({ Group }) => Group.GroupName,
};

// AWS::Cognito::UserPoolUser and AWS::Cognito::UserPoolUserToGroupAttachment are replaced whenever a property changes.
const userPoolUser = {
  async create(api, properties, logicalId) {
    const Username = properties.Username ?? generated(logicalId);
    const { User } = await call(api, "AdminCreateUser", input("AdminCreateUser", { ...properties, Username }));
    return { id: User.Username, UserPoolId: properties.UserPoolId };
  },
  delete: (api, { id, UserPoolId }) => call(api, "AdminDeleteUser", { Username: id, UserPoolId }),
  async read(api, { id, UserPoolId }) {
    const { $metadata, UserAttributes, ...User } = await call(api, "AdminGetUser", { Username: id, UserPoolId });
    return { User, UserAttributes: byName(UserAttributes) };
  },
  given(_, properties) {
    const { UserAttributes = [] } = input("AdminCreateUser", { Username: "", ...properties });
    return { User: { Enabled: true, UserStatus: "FORCE_CHANGE_PASSWORD" }, UserAttributes: byName(UserAttributes) };
  },
  ref: ({ User }) => User.Username,
};

const userPoolUserToGroupAttachment = {
  async create(api, properties) {
    const members = input("AdminAddUserToGroup", properties);
    await call(api, "AdminAddUserToGroup", members);
    return { id: `${members.UserPoolId}-${members.GroupName}-${members.Username}`, ...members };
  },
  delete: (api, { id, ...members }) => call(api, "AdminRemoveUserFromGroup", members),
  async read(api, { Username, UserPoolId }) {
    const { Groups } = await call(api, "AdminListGroupsForUser", { Username, UserPoolId });
    return { Groups: Object.fromEntries(Groups.map((group) => [group.GroupName, true])) };
  },
  given: (_, properties) => ({ Groups: { [properties.GroupName]: true } }),
  ref: (_, { id }) => id,
};

/** `ALL` stands for all app clients in templates; SetRiskConfiguration has no `ClientId` then. */
const risk = (properties) => (properties.ClientId === "ALL" ? without(properties, "ClientId") : properties);

const userPoolRiskConfigurationAttachment = {
  replacedBy: ["UserPoolId", "ClientId"],
  async create(api, properties) {
    await call(api, "SetRiskConfiguration", input("SetRiskConfiguration", risk(properties)));
    const { UserPoolId, ClientId } = risk(properties);
    return { id: `${UserPoolId}|${properties.ClientId}`, UserPoolId, ClientId };
  },
  async update(api, made, properties) {
    await call(api, "SetRiskConfiguration", input("SetRiskConfiguration", risk(properties)));
    return made;
  },
  delete: (api, { UserPoolId, ClientId }) => call(api, "SetRiskConfiguration", { UserPoolId, ClientId }),
  async read(api, { UserPoolId, ClientId }) {
    const { RiskConfiguration } = await call(api, "DescribeRiskConfiguration", { UserPoolId, ClientId });
    return { RiskConfiguration };
  },
  given: (_, properties) => ({ RiskConfiguration: input("SetRiskConfiguration", risk(properties)) }),
  ref: (_, { id }) => id,
};

const userPoolUICustomizationAttachment = {
  replacedBy: ["UserPoolId", "ClientId"],
  async create(api, properties) {
    await call(api, "SetUICustomization", input("SetUICustomization", properties));
    const { UserPoolId, ClientId } = properties;
    return { id: `${UserPoolId}|${ClientId}`, UserPoolId, ClientId };
  },
  async update(api, made, properties) {
    await call(api, "SetUICustomization", input("SetUICustomization", properties));
    return made;
  },
  delete: (api, { UserPoolId, ClientId }) => call(api, "SetUICustomization", { UserPoolId, ClientId }),
  async read(api, { UserPoolId, ClientId }) {
    const { UICustomization } = await call(api, "GetUICustomization", { UserPoolId, ClientId });
    return { UICustomization };
  },
  given: (_, properties) => ({ UICustomization: input("SetUICustomization", properties) }),
  ref: (_, { id }) => id,
};

const logDeliveryConfiguration = {
  replacedBy: ["UserPoolId"],
  async create(api, properties) {
    await call(api, "SetLogDeliveryConfiguration", input("SetLogDeliveryConfiguration", properties));
    return { id: properties.UserPoolId };
  },
  update: (api, _, properties) => logDeliveryConfiguration.create(api, properties),
  delete: (api, { id }) => call(api, "SetLogDeliveryConfiguration", { UserPoolId: id, LogConfigurations: [] }),
  async read(api, { id }) {
    const { LogDeliveryConfiguration } = await call(api, "GetLogDeliveryConfiguration", { UserPoolId: id });
    return { LogDeliveryConfiguration };
  },
  given: (_, properties) => ({ LogDeliveryConfiguration: input("SetLogDeliveryConfiguration", properties) }),
  ref: (_, { id }) => id,
};

// `ReturnMergedResources` is about the answer of DescribeManagedLoginBranding.
const branding = (properties) => without(properties, "ReturnMergedResources");

const managedLoginBranding = {
  replacedBy: ["UserPoolId", "ClientId"],
  async create(api, properties) {
    const made = await call(api, "CreateManagedLoginBranding", input("CreateManagedLoginBranding", branding(properties)));
    const { UserPoolId, ClientId } = properties;
    return { id: made.ManagedLoginBranding.ManagedLoginBrandingId, UserPoolId, ClientId };
  },
  async update(api, made, properties) {
    const members = { ...without(branding(properties), "ClientId"), ManagedLoginBrandingId: made.id };
    await call(api, "UpdateManagedLoginBranding", input("UpdateManagedLoginBranding", members));
    return made;
  },
  delete: (api, { id, UserPoolId }) => call(api, "DeleteManagedLoginBranding", { ManagedLoginBrandingId: id, UserPoolId }),
  async read(api, { id, UserPoolId, ClientId }) {
    const one = await call(api, "DescribeManagedLoginBranding", { ManagedLoginBrandingId: id, UserPoolId });
    const same = await call(api, "DescribeManagedLoginBrandingByClient", { ClientId, UserPoolId });
    return { ManagedLoginBranding: one.ManagedLoginBranding, OfClient: same.ManagedLoginBranding.ManagedLoginBrandingId };
  },
  given({ id }, properties) {
    const members = without(input("CreateManagedLoginBranding", branding(properties)), "ClientId");
    return { ManagedLoginBranding: { UseCognitoProvidedValues: false, ...members }, OfClient: id };
  },
  ref: (_, { id, UserPoolId }) => `${UserPoolId}|${id}`,
  attributes: (_, { id }) => ({ ManagedLoginBrandingId: id }),
};

const terms = {
  replacedBy: ["UserPoolId", "ClientId"],
  async create(api, properties) {
    const { Terms } = await call(api, "CreateTerms", input("CreateTerms", properties));
    return { id: Terms.TermsId, UserPoolId: properties.UserPoolId };
  },
  async update(api, made, properties) {
    const members = { ...without(properties, "ClientId"), TermsId: made.id };
    await call(api, "UpdateTerms", input("UpdateTerms", members));
    return made;
  },
  delete: (api, { id, UserPoolId }) => call(api, "DeleteTerms", { TermsId: id, UserPoolId }),
  async read(api, { id, UserPoolId }) {
    const { Terms } = await call(api, "DescribeTerms", { TermsId: id, UserPoolId });
    return { Terms };
  },
  given: (_, properties) => ({ Terms: input("CreateTerms", properties) }),
  ref: (_, { id, UserPoolId }) => `${UserPoolId}|${id}`,
  attributes: (_, { id }) => ({ TermsId: id }),
};

/**
 * What a CDK stack has where the types lack an attribute: a function that makes one call of the SDK and gives the answer's
 * members. It is made here if the call only reads.
 */
const describing = {
  async create() {
    return {};
  },
  async delete() {},
  async read(api, _, properties) {
    const { action, parameters } = JSON.parse(properties.Create);
    if (!action.startsWith("describe")) throw new Error(`${action} is not supported`);
    const answer = await call(api, `${action[0].toUpperCase()}${action.slice(1)}`, parameters);
    return without(answer, "$metadata");
  },
  given: () => ({}),
  ref: () => "describing",
  attributes: flat,
};

/** The members of an object, by their paths ("UserPoolClient.ClientSecret"). */
function flat(object, _, path = "") {
  return Object.assign(
    {},
    ...Object.entries(object).map(([name, value]) =>
      value !== null && typeof value === "object" && !(value instanceof Date)
        ? flat(value, undefined, `${path}${name}.`)
        : { [`${path}${name}`]: value },
    ),
  );
}

/**
 * Each type has these functions, where `made` is what `create` and `update` return (and the state file keeps):
 *
 * - `create(api, properties, logicalId)`, `delete(api, made)`;
 * - `update(api, made, properties, before, read)`, where `before` and `read` are the properties and what was read until then;
 * - `read(api, made, properties)`: all that the API tells of the resource;
 * - `given(made, properties, read)`: the part of it that the properties say;
 * - `ref(read, made)` and `attributes(read, made)`: the values of Ref and Fn::GetAtt.
 *
 * If a property in `replacedBy` changes, CloudFormation makes another resource. So it does for any property if there is no
 * `update`.
 */
export const TYPES = {
  "AWS::Cognito::LogDeliveryConfiguration": logDeliveryConfiguration,
  "AWS::Cognito::ManagedLoginBranding": managedLoginBranding,
  "AWS::Cognito::Terms": terms,
  "AWS::Cognito::UserPool": userPool,
  "AWS::Cognito::UserPoolClient": userPoolClient,
  "AWS::Cognito::UserPoolDomain": userPoolDomain,
  "AWS::Cognito::UserPoolGroup": userPoolGroup,
  "AWS::Cognito::UserPoolResourceServer": userPoolResourceServer,
  "AWS::Cognito::UserPoolRiskConfigurationAttachment": userPoolRiskConfigurationAttachment,
  "AWS::Cognito::UserPoolUICustomizationAttachment": userPoolUICustomizationAttachment,
  "AWS::Cognito::UserPoolUser": userPoolUser,
  "AWS::Cognito::UserPoolUserToGroupAttachment": userPoolUserToGroupAttachment,
  "Custom::DescribeCognitoUserPoolClient": describing,
  "Custom::UserPoolCloudFrontDomainName": describing,
};

/**
 * What of `given` is not in `read`, as lines of text. Objects may have more members than were given; lists may not have
 * more elements.
 */
export function differences(given, read, path = "") {
  if (given instanceof Uint8Array) {
    return read && Buffer.compare(given, read) === 0 ? [] : [`${path}: other bytes`];
  }
  if (given !== null && typeof given === "object") {
    const kind = Array.isArray(given) ? "list" : "object";
    if (read === null || typeof read !== "object" || Array.isArray(given) !== Array.isArray(read)) {
      return [`${path}: given the ${kind} ${JSON.stringify(given)}, read ${JSON.stringify(read)}`];
    }
    if (Array.isArray(given) && given.length !== read.length) {
      return [`${path}: given ${JSON.stringify(given)}, read ${JSON.stringify(read)}`];
    }
    return Object.entries(given).flatMap(([name, value]) => differences(value, read[name], `${path}.${name}`));
  }
  return given === read ? [] : [`${path}: given ${JSON.stringify(given)}, read ${JSON.stringify(read)}`];
}
