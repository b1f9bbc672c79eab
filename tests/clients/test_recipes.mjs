// The recipes of docs/clients.md that sign in by the API or verify tokens, in JavaScript. Run by tests/clients/run.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { before, test } from "node:test";

import { CognitoIdentityProvider } from "@aws-sdk/client-cognito-identity-provider";

const { POOL, CLIENT, AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: SERVER } = process.env;
process.env.CLIENT_ID = CLIENT;
const PASSWORD = "Passw0rd!";

const api = new CognitoIdentityProvider({ endpoint: SERVER });

/** A new user of a pool with a password. */
async function newUser(pool = POOL) {
  const user = { UserPoolId: pool, Username: `u-${randomUUID()}` };
  await api.adminCreateUser({ ...user, MessageAction: "SUPPRESS" });
  await api.adminSetUserPassword({ ...user, Password: PASSWORD, Permanent: true });
  return user.Username;
}

async function newClient(pool = POOL) {
  const client = { UserPoolId: pool, ClientName: "other", ExplicitAuthFlows: ["ALLOW_USER_PASSWORD_AUTH"] };
  return (await api.createUserPoolClient(client)).UserPoolClient.ClientId;
}

async function tokensOf(USERNAME, ClientId = CLIENT) {
  const AuthParameters = { USERNAME, PASSWORD };
  return (await api.initiateAuth({ ClientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters })).AuthenticationResult;
}

let username, tokens, ofAnotherClient, ofAnotherPool;

before(async () => {
  username = await newUser();
  tokens = await tokensOf(username);
  ofAnotherClient = await tokensOf(username, await newClient());
  const { UserPool } = await api.createUserPool({ PoolName: "other" });
  ofAnotherPool = await tokensOf(await newUser(UserPool.Id), await newClient(UserPool.Id));
});

const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

/** The verifier takes a client's tokens of one kind, and no others. */
async function tells(verify, { right, wrong }) {
  assert.equal((await verify(tokens[right])).sub, claimsOf(tokens[right]).sub);
  const [head, , signature] = tokens[right].split(".");
  const forged = [head, ofAnotherClient[right].split(".")[1], signature].join(".");
  for (const token of [tokens[wrong], ofAnotherClient[right], ofAnotherPool[right], forged]) {
    await assert.rejects(verify(token));
  }
}

test("jose", async () => {
  const { verifyAccessToken, verifyIdToken } = await import("./recipes/jose.mjs");
  await tells(verifyAccessToken, { right: "AccessToken", wrong: "IdToken" });
  await tells(verifyIdToken, { right: "IdToken", wrong: "AccessToken" });
});

test("aws-jwt-verify", async () => {
  const { verifyAccessToken } = await import("./recipes/aws-jwt-verify.mjs");
  await tells(verifyAccessToken, { right: "AccessToken", wrong: "IdToken" });
});

test("aws-jwt-verify: CognitoJwtVerifier knows the issuers of Amazon Cognito only", async () => {
  const { CognitoJwtVerifier } = await import("aws-jwt-verify");
  const verifier = CognitoJwtVerifier.create({ userPoolId: POOL, tokenUse: "access", clientId: CLIENT });
  verifier.cacheJwks(await (await fetch(`${SERVER}/${POOL}/.well-known/jwks.json`)).json());
  await assert.rejects(verifier.verify(tokens.AccessToken), { message: /issuer not configured/ });
});

test("the AWS SDK for JavaScript", async () => {
  const { signIn, deletePasskeys } = await import("./recipes/aws-sdk.mjs");
  await deletePasskeys(await signIn(CLIENT, username, PASSWORD));
  await assert.rejects(signIn(CLIENT, username, "wrong"), { name: "NotAuthorizedException" });
});
