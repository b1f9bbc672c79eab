// aws-amplify and amazon-cognito-identity-js, unmodified, against a running Keystead. Run by tests/clients/run.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHmac, createPrivateKey, randomUUID } from "node:crypto";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { CognitoIdentityProvider } from "@aws-sdk/client-cognito-identity-provider";
import { AuthenticationDetails, CognitoUser, CognitoUserAttribute, CognitoUserPool } from "amazon-cognito-identity-js";
import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import { compactDecrypt } from "jose";

import { deploy, destroy } from "./stacks/deploy.mjs";
import { synthesize } from "./stacks/stacks.mjs";

const URL = process.env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER;
const { POOL, CLIENT } = process.env;
const PASSWORD = "Passw0rd!";

const configure = (userPoolId, userPoolClientId) =>
  Amplify.configure({ Auth: { Cognito: { userPoolId, userPoolClientId, userPoolEndpoint: URL } } });
configure(POOL, CLIENT);

/** The code in the newest message to an address, once there are so many. */
async function code(to, count = 1) {
  for (let n = 0; n < 200; n++) {
    const { messages } = await (await fetch(`${URL}/dev/inbox?to=${encodeURIComponent(to)}`)).json();
    if (messages.length >= count) return messages[0].body.match(/\d{6,8}/)[0];
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`no message ${count} to ${to}`);
}

const newEmail = () => `${randomUUID()}@example.com`;

/** A user who signed up and confirmed with Amplify. */
async function signedUp() {
  const email = newEmail();
  const username = email.split("@")[0].replace(/^/, "u-");
  const begun = await auth.signUp({ username, password: PASSWORD, options: { userAttributes: { email } } });
  assert.equal(begun.nextStep.signUpStep, "CONFIRM_SIGN_UP");
  assert.equal(begun.nextStep.codeDeliveryDetails.attributeName, "email");
  const confirmed = await auth.confirmSignUp({ username, confirmationCode: await code(email) });
  assert.equal(confirmed.isSignUpComplete, true);
  return { username, email };
}

/** Passkeys made in software where a browser would make them. */
function installAuthenticator() {
  const state = join(mkdtempSync(join(tmpdir(), "keystead-")), "authenticator.json");
  const bytes = (text) => Uint8Array.from(Buffer.from(text, "base64url")).buffer;
  const text = (buffer) => Buffer.from(buffer).toString("base64url");
  const ceremony = (kind, options) =>
    JSON.parse(execFileSync("keystead", ["dev", "authenticator", kind, "--state", state], { input: JSON.stringify(options) }));
  class PublicKeyCredential {}
  class AuthenticatorAttestationResponse {}
  class AuthenticatorAssertionResponse {}
  const credential = (made, response) =>
    Object.assign(new PublicKeyCredential(), {
      id: made.id,
      rawId: bytes(made.rawId),
      type: made.type,
      authenticatorAttachment: made.authenticatorAttachment,
      getClientExtensionResults: () => ({}),
      response,
    });
  const credentials = {
    async create({ publicKey }) {
      const options = {
        ...publicKey,
        challenge: text(publicKey.challenge),
        user: { ...publicKey.user, id: text(publicKey.user.id) },
        excludeCredentials: publicKey.excludeCredentials?.map((one) => ({ ...one, id: text(one.id) })),
      };
      const made = ceremony("create", options);
      return credential(made, Object.assign(new AuthenticatorAttestationResponse(), {
        clientDataJSON: bytes(made.response.clientDataJSON),
        attestationObject: bytes(made.response.attestationObject),
        getPublicKey: () => null,
        getPublicKeyAlgorithm: () => -7,
        getAuthenticatorData: () => new ArrayBuffer(0),
        getTransports: () => ["internal"],
      }));
    },
    async get({ publicKey }) {
      const options = {
        ...publicKey,
        challenge: text(publicKey.challenge),
        allowCredentials: publicKey.allowCredentials?.map((one) => ({ ...one, id: text(one.id) })),
      };
      const made = ceremony("get", options);
      return credential(made, Object.assign(new AuthenticatorAssertionResponse(), {
        clientDataJSON: bytes(made.response.clientDataJSON),
        authenticatorData: bytes(made.response.authenticatorData),
        signature: bytes(made.response.signature),
        userHandle: made.response.userHandle ? bytes(made.response.userHandle) : null,
      }));
    },
  };
  Object.assign(globalThis, { PublicKeyCredential, AuthenticatorAttestationResponse, AuthenticatorAssertionResponse });
  globalThis.window ??= globalThis;
  Object.assign(globalThis, { isSecureContext: true, document: {} });
  Object.defineProperty(globalThis, "navigator", { value: { ...globalThis.navigator, credentials }, configurable: true });
}

test("Amplify: sign up, sign in by SRP, attributes, password, delete", async () => {
  const { username, email } = await signedUp();
  const step = await auth.signIn({ username, password: PASSWORD });
  assert.equal(step.nextStep.signInStep, "DONE");
  const attributes = await auth.fetchUserAttributes();
  assert.deepEqual([attributes.email, attributes.email_verified], [email, "true"]);
  const session = await auth.fetchAuthSession({ forceRefresh: true });
  assert.equal(session.tokens.idToken.payload["cognito:username"], username);
  const moved = newEmail();
  const updated = await auth.updateUserAttributes({ userAttributes: { email: moved, name: "Ada" } });
  assert.equal(updated.email.nextStep.updateAttributeStep, "CONFIRM_ATTRIBUTE_WITH_CODE");
  await auth.confirmUserAttribute({ userAttributeKey: "email", confirmationCode: await code(moved) });
  await auth.updatePassword({ oldPassword: PASSWORD, newPassword: "N3w-Passw0rd" });
  await auth.signOut({ global: true });
  await auth.signIn({ username, password: "N3w-Passw0rd" });
  await auth.deleteUser();
  await assert.rejects(auth.signIn({ username, password: "N3w-Passw0rd" }), { name: "NotAuthorizedException" });
});

test("Amplify: a forgotten password", async () => {
  const { username, email } = await signedUp();
  const begun = await auth.resetPassword({ username });
  assert.equal(begun.nextStep.resetPasswordStep, "CONFIRM_RESET_PASSWORD_WITH_CODE");
  await auth.confirmResetPassword({ username, newPassword: "N3w-Passw0rd", confirmationCode: await code(email, 2) });
  await auth.signIn({ username, password: "N3w-Passw0rd" });
  await auth.signOut();
});

test("Amplify: sign up without a password, signed in by the confirmation, then by a code", async () => {
  const email = newEmail();
  const username = `u-${randomUUID()}`;
  const options = { userAttributes: { email }, autoSignIn: { authFlowType: "USER_AUTH" } };
  await auth.signUp({ username, options });
  const confirmed = await auth.confirmSignUp({ username, confirmationCode: await code(email) });
  assert.equal(confirmed.nextStep.signUpStep, "COMPLETE_AUTO_SIGN_IN");
  const signedIn = await auth.autoSignIn();
  assert.equal(signedIn.nextStep.signInStep, "DONE");
  await auth.signOut();
  const begun = await auth.signIn({ username, options: { authFlowType: "USER_AUTH", preferredChallenge: "EMAIL_OTP" } });
  assert.equal(begun.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
  const done = await auth.confirmSignIn({ challengeResponse: await code(email, 2) });
  assert.equal(done.nextStep.signInStep, "DONE");
  await auth.signOut();
});

test("Amplify: a passkey's life", async (t) => {
  const { username } = await signedUp();
  installAuthenticator();
  t.after(() => {
    delete globalThis.document;
    delete globalThis.window;
  });
  await auth.signIn({ username, password: PASSWORD });
  await auth.associateWebAuthnCredential();
  const { credentials } = await auth.listWebAuthnCredentials();
  assert.equal(credentials.length, 1);
  await auth.signOut();
  const options = { authFlowType: "USER_AUTH", preferredChallenge: "WEB_AUTHN" };
  const step = await auth.signIn({ username, options });
  assert.equal(step.nextStep.signInStep, "DONE");
  await auth.deleteWebAuthnCredential({ credentialId: credentials[0].credentialId });
  assert.equal((await auth.listWebAuthnCredentials()).credentials.length, 0);
  await auth.signOut();
});

test("Amplify: the person chooses, and chooses the password", async () => {
  const { username } = await signedUp();
  const step = await auth.signIn({ username, options: { authFlowType: "USER_AUTH" } });
  assert.equal(step.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
  assert.deepEqual(step.nextStep.availableChallenges, ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"]);
  const chosen = await auth.confirmSignIn({ challengeResponse: "PASSWORD_SRP" });
  assert.equal(chosen.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_PASSWORD");
  const done = await auth.confirmSignIn({ challengeResponse: PASSWORD });
  assert.equal(done.nextStep.signInStep, "DONE");
  await auth.signOut();
});

test("Amplify: an app and the backend that Amplify describes", async (t) => {
  const [stack] = synthesize(randomUUID().slice(0, 8)).get("amplify: passkeys and codes by mail");
  const [api, state] = [new CognitoIdentityProvider({}), { resources: {} }];
  t.after(() => {
    delete globalThis.document;
    delete globalThis.window;
    configure(POOL, CLIENT);
    return destroy(api, state, { all: true });
  });
  const { outputs } = await deploy(api, stack.template, { stackName: "backend", state });
  configure(outputs.userPoolId, outputs.webClientId);
  const email = newEmail();
  await auth.signUp({ username: email, password: PASSWORD, options: { userAttributes: { email } } });
  await auth.confirmSignUp({ username: email, confirmationCode: await code(email) });
  const password = await auth.signIn({ username: email, password: PASSWORD });
  assert.equal(password.nextStep.signInStep, "DONE");
  installAuthenticator();
  await auth.associateWebAuthnCredential();
  await auth.signOut();
  for (const preferredChallenge of ["WEB_AUTHN", "EMAIL_OTP"]) {
    const options = { authFlowType: "USER_AUTH", preferredChallenge };
    const step = await auth.signIn({ username: email, options });
    if (preferredChallenge === "EMAIL_OTP") await auth.confirmSignIn({ challengeResponse: await code(email, 2) });
    else assert.equal(step.nextStep.signInStep, "DONE");
    assert.equal((await auth.fetchUserAttributes()).email, email);
    await auth.signOut();
  }
});

test("amazon-cognito-identity-js: sign up, sign in by SRP, refresh, change, sign out", async () => {
  const pool = new CognitoUserPool({ UserPoolId: POOL, ClientId: CLIENT, endpoint: URL });
  const email = newEmail();
  const username = `u-${randomUUID()}`;
  const called = (call) => new Promise((resolve, reject) => call((error, result) => (error ? reject(error) : resolve(result))));
  const attribute = new CognitoUserAttribute({ Name: "email", Value: email });
  await called((done) => pool.signUp(username, PASSWORD, [attribute], null, done));
  const user = new CognitoUser({ Username: username, Pool: pool });
  await called((done) => user.resendConfirmationCode(done));
  const confirmation = await code(email, 2);
  await called((done) => user.confirmRegistration(confirmation, false, done));
  const details = new AuthenticationDetails({ Username: username, Password: PASSWORD });
  const session = await new Promise((onSuccess, onFailure) => user.authenticateUser(details, { onSuccess, onFailure }));
  assert.ok(session.isValid());
  const refreshed = await called((done) => user.refreshSession(session.getRefreshToken(), done));
  assert.ok(refreshed.isValid());
  const attributes = await called((done) => user.getUserAttributes(done));
  assert.ok(attributes.some((one) => one.getName() === "email_verified" && one.getValue() === "true"));
  await called((done) => user.changePassword(PASSWORD, "N3w-Passw0rd", done));
  await new Promise((onSuccess, onFailure) => user.globalSignOut({ onSuccess, onFailure }));
  const wrong = new AuthenticationDetails({ Username: username, Password: PASSWORD });
  await assert.rejects(
    new Promise((onSuccess, onFailure) => user.authenticateUser(wrong, { onSuccess, onFailure })),
    { name: "NotAuthorizedException", message: "Incorrect username or password." },
  );
});

/** The code of an authenticator app (RFC 6238). */
function totp(secret) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

test("the AWS SDK for JavaScript makes a pool with second factors; Amplify signs in there", async (t) => {
  const api = new CognitoIdentityProvider({ endpoint: URL });
  const { UserPool } = await api.createUserPool({ PoolName: "mfa" });
  t.after(() => configure(POOL, CLIENT));
  await api.setUserPoolMfaConfig({
    UserPoolId: UserPool.Id,
    MfaConfiguration: "ON",
    SoftwareTokenMfaConfiguration: { Enabled: true },
  });
  const { UserPoolClient } = await api.createUserPoolClient({ UserPoolId: UserPool.Id, ClientName: "mfa" });
  const username = "ada";
  await api.adminCreateUser({ UserPoolId: UserPool.Id, Username: username, MessageAction: "SUPPRESS" });
  await api.adminSetUserPassword({ UserPoolId: UserPool.Id, Username: username, Password: PASSWORD, Permanent: true });
  await api.createGroup({ UserPoolId: UserPool.Id, GroupName: "staff" });
  await api.adminAddUserToGroup({ UserPoolId: UserPool.Id, Username: username, GroupName: "staff" });
  configure(UserPool.Id, UserPoolClient.ClientId);
  const begun = await auth.signIn({ username, password: PASSWORD });
  assert.equal(begun.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_TOTP_SETUP");
  const code = totp(begun.nextStep.totpSetupDetails.sharedSecret);
  const done = await auth.confirmSignIn({ challengeResponse: code });
  assert.equal(done.nextStep.signInStep, "DONE");
  const session = await auth.fetchAuthSession();
  assert.deepEqual(session.tokens.accessToken.payload["cognito:groups"], ["staff"]);
  const preference = await auth.fetchMFAPreference();
  assert.deepEqual(preference.enabled, ["TOTP"]);
  await auth.updateMFAPreference({ totp: "PREFERRED" });
  await auth.signOut();
  const again = await auth.signIn({ username, password: PASSWORD });
  assert.equal(again.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
  await assert.rejects(auth.confirmSignIn({ challengeResponse: code }), { name: "ExpiredCodeException" });
});

/** Functions for a pool's triggers, as AWS Lambda handlers: each takes the event and returns it. */
async function serveFunctions(t, functions) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const signed = `${request.headers["x-keystead-id"]}.${request.headers["x-keystead-timestamp"]}.${body}`;
    const signature = createHmac("sha256", "a secret of these tests").update(signed).digest("hex");
    assert.equal(request.headers["x-keystead-signature"], `v1=${signature}`);
    response.end(JSON.stringify(await functions[request.url.slice(1)](JSON.parse(body))));
  });
  await new Promise((done) => server.listen(Number(process.env.FUNCTIONS_PORT), "127.0.0.1", done));
  t.after(() => server.close());
}

test("Amplify signs in by custom challenges, with and without a password; claims come from a function", async (t) => {
  await serveFunctions(t, {
    define(event) {
      const last = event.request.session.at(-1);
      if (last?.challengeName === "SRP_A") event.response.challengeName = "PASSWORD_VERIFIER";
      else if (last?.challengeName === "CUSTOM_CHALLENGE" && last.challengeResult) event.response.issueTokens = true;
      else if (event.request.session.length > 4) event.response.failAuthentication = true;
      else event.response.challengeName = "CUSTOM_CHALLENGE";
      return event;
    },
    create(event) {
      event.response.publicChallengeParameters = { hint: "the opposite of no" };
      event.response.privateChallengeParameters = { answer: "yes" };
      return event;
    },
    verify(event) {
      event.response.answerCorrect = event.request.challengeAnswer === event.request.privateChallengeParameters.answer;
      return event;
    },
    tokens(event) {
      event.response.claimsAndScopeOverrideDetails = { accessTokenGeneration: { claimsToAddOrOverride: { plan: "gold" } } };
      return event;
    },
  });
  const api = new CognitoIdentityProvider({ endpoint: URL });
  const arn = (name) => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
  const { UserPool } = await api.createUserPool({
    PoolName: "custom",
    LambdaConfig: {
      DefineAuthChallenge: arn("define"),
      CreateAuthChallenge: arn("create"),
      VerifyAuthChallengeResponse: arn("verify"),
      PreTokenGenerationConfig: { LambdaVersion: "V2_0", LambdaArn: arn("tokens") },
    },
  });
  const { UserPoolClient } = await api.createUserPoolClient({ UserPoolId: UserPool.Id, ClientName: "custom" });
  const username = "ada";
  await api.adminCreateUser({ UserPoolId: UserPool.Id, Username: username, MessageAction: "SUPPRESS" });
  await api.adminSetUserPassword({ UserPoolId: UserPool.Id, Username: username, Password: PASSWORD, Permanent: true });
  t.after(() => configure(POOL, CLIENT));
  configure(UserPool.Id, UserPoolClient.ClientId);
  const asked = await auth.signIn({ username, options: { authFlowType: "CUSTOM_WITHOUT_SRP" } });
  assert.equal(asked.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE");
  assert.equal(asked.nextStep.additionalInfo.hint, "the opposite of no");
  const again = await auth.confirmSignIn({ challengeResponse: "no" });
  assert.equal(again.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE");
  const done = await auth.confirmSignIn({ challengeResponse: "yes" });
  assert.equal(done.nextStep.signInStep, "DONE");
  const { tokens } = await auth.fetchAuthSession();
  assert.equal(tokens.accessToken.payload.plan, "gold");
  await auth.signOut();
  const after = await auth.signIn({ username, password: PASSWORD, options: { authFlowType: "CUSTOM_WITH_SRP" } });
  assert.equal(after.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE");
  assert.equal((await auth.confirmSignIn({ challengeResponse: "yes" })).nextStep.signInStep, "DONE");
  await auth.signOut();
});

test("a function sends the code of a sign-up, which jose opens", async (t) => {
  const key = createPrivateKey(readFileSync(process.env.SENDER_KEY));
  let take;
  const sent = new Promise((resolve) => (take = resolve));
  await serveFunctions(t, {
    async send(event) {
      const { plaintext, protectedHeader } = await compactDecrypt(event.request.code, key);
      take({ source: event.triggerSource, code: new TextDecoder().decode(plaintext), header: protectedHeader });
      return event;
    },
  });
  const api = new CognitoIdentityProvider({ endpoint: URL });
  const { UserPool } = await api.createUserPool({
    PoolName: "senders",
    AutoVerifiedAttributes: ["email"],
    LambdaConfig: {
      CustomEmailSender: { LambdaVersion: "V1_0", LambdaArn: "arn:aws:lambda:us-east-1:123456789012:function:send" },
      KMSKeyID: "arn:aws:kms:us-east-1:123456789012:key/5f7f3b6e-6a0c-4b0e-9d0b-0f2b6a1f9a11",
    },
  });
  const { UserPoolClient } = await api.createUserPoolClient({ UserPoolId: UserPool.Id, ClientName: "senders" });
  const ClientId = UserPoolClient.ClientId;
  const UserAttributes = [{ Name: "email", Value: "ada@example.com" }];
  await api.signUp({ ClientId, Username: "ada", Password: PASSWORD, UserAttributes });
  const { source, code, header } = await sent;
  assert.equal(source, "CustomEmailSender_SignUp");
  assert.deepEqual([header.alg, header.enc], ["RSA-OAEP-256", "A256GCM"]);
  await api.confirmSignUp({ ClientId, Username: "ada", ConfirmationCode: code });
});

test("amazon-cognito-identity-js: a device is confirmed, remembered, used and forgotten", async () => {
  const api = new CognitoIdentityProvider({ endpoint: URL });
  const { UserPool } = await api.createUserPool({
    PoolName: "devices",
    DeviceConfiguration: { ChallengeRequiredOnNewDevice: true, DeviceOnlyRememberedOnUserPrompt: true },
  });
  const { UserPoolClient } = await api.createUserPoolClient({ UserPoolId: UserPool.Id, ClientName: "devices" });
  const username = "ada";
  await api.adminCreateUser({ UserPoolId: UserPool.Id, Username: username, MessageAction: "SUPPRESS" });
  await api.adminSetUserPassword({ UserPoolId: UserPool.Id, Username: username, Password: PASSWORD, Permanent: true });
  const pool = new CognitoUserPool({ UserPoolId: UserPool.Id, ClientId: UserPoolClient.ClientId, endpoint: URL });
  const signIn = () =>
    new Promise((done, failed) => {
      const user = new CognitoUser({ Username: username, Pool: pool });
      const details = new AuthenticationDetails({ Username: username, Password: PASSWORD });
      user.authenticateUser(details, {
        onSuccess: (session, confirm) => done({ user, session, confirm }),
        onFailure: failed,
      });
    });
  const first = await signIn();
  assert.equal(first.confirm, true, "the person is asked");
  await new Promise((onSuccess, onFailure) => first.user.setDeviceStatusRemembered({ onSuccess, onFailure }));
  const second = await signIn();
  const key = first.session.getAccessToken().payload.device_key;
  assert.equal(second.session.getAccessToken().payload.device_key, key, "the device proved itself");
  const { Devices } = await api.adminListDevices({ UserPoolId: UserPool.Id, Username: username });
  assert.deepEqual(Devices.map((device) => device.DeviceKey), [key]);
  await new Promise((onSuccess, onFailure) => second.user.forgetDevice({ onSuccess, onFailure }));
  const left = await api.adminListDevices({ UserPoolId: UserPool.Id, Username: username });
  assert.deepEqual(left.Devices, []);
});
