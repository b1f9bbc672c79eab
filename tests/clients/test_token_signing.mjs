// User pools whose tokens are signed with ES256 or EdDSA: who verifies them. Run by tests/clients/run.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { CognitoIdentityProvider } from "@aws-sdk/client-cognito-identity-provider";
import { JwtVerifier } from "aws-jwt-verify";
import { validateCognitoJwtFields } from "aws-jwt-verify/cognito-verifier";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { createRemoteJWKSet, jwtVerify } from "jose";

const SERVER = process.env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER;
const PASSWORD = "Passw0rd!";
const api = new CognitoIdentityProvider({ endpoint: SERVER });

/** A user pool with a client and a user, and a function that signs the user in. */
async function stage() {
  const { UserPool } = await api.createUserPool({ PoolName: "signing" });
  const of = { UserPoolId: UserPool.Id };
  const flows = { ClientName: "app", ExplicitAuthFlows: ["ALLOW_USER_PASSWORD_AUTH"] };
  const { ClientId } = (await api.createUserPoolClient({ ...of, ...flows })).UserPoolClient;
  const user = { ...of, Username: `u-${randomUUID()}` };
  await api.adminCreateUser({ ...user, MessageAction: "SUPPRESS" });
  await api.adminSetUserPassword({ ...user, Password: PASSWORD, Permanent: true });
  const AuthParameters = { USERNAME: user.Username, PASSWORD };
  const signIn = async () =>
    (await api.initiateAuth({ ClientId, AuthFlow: "USER_PASSWORD_AUTH", AuthParameters })).AuthenticationResult;
  return { pool: UserPool.Id, issuer: `${SERVER}/${UserPool.Id}`, ClientId, signIn };
}

function choose(pool, algorithm) {
  const signing = JSON.stringify({ Algorithm: algorithm, DelaySeconds: 0 });
  execFileSync("keystead", ["passkeys", "token-signing", "--user-pool-id", pool, "--set", signing]);
}

const algorithmOf = (token) => JSON.parse(Buffer.from(token.split(".")[0], "base64url")).alg;
const forgedOf = (token, other) => [token.split(".")[0], other.split(".")[1], token.split(".")[2]].join(".");

/** Both verify tokens from before and after the change, with one verifier that was made before. */
async function goesOn(algorithm, verifier) {
  const { pool, signIn, ...of } = await stage();
  const verify = verifier(of);
  const before = await signIn();
  await verify(before.AccessToken);
  choose(pool, algorithm);
  const after = await signIn();
  assert.deepEqual([before, after].map((one) => algorithmOf(one.AccessToken)), ["RS256", algorithm]);
  for (const { AccessToken } of [before, after]) assert.ok((await verify(AccessToken)).sub);
  const other = await signIn();
  await assert.rejects(verify(forgedOf(after.AccessToken, other.AccessToken)));
}

for (const algorithm of ["ES256", "EdDSA"]) {
  test(`jose verifies ${algorithm}`, () =>
    goesOn(algorithm, ({ issuer }) => {
      // It fetches the keys again at most every 30 seconds, unless it is told otherwise.
      const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`), { cooldownDuration: 0 });
      const algorithms = ["RS256", algorithm];
      return async (token) => (await jwtVerify(token, keys, { issuer, algorithms })).payload;
    }));

  test(`jose that wants RS256 alone refuses ${algorithm}`, async () => {
    const { pool, issuer, signIn } = await stage();
    choose(pool, algorithm);
    const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));
    const { AccessToken } = await signIn();
    await assert.rejects(jwtVerify(AccessToken, keys, { issuer, algorithms: ["RS256"] }), { code: "ERR_JOSE_ALG_NOT_ALLOWED" });
  });

  test(`aws-jwt-verify verifies ${algorithm}`, () =>
    goesOn(algorithm, ({ issuer, ClientId }) => {
      const fetcher = { fetch: async (uri) => (await fetch(uri)).arrayBuffer() };
      const customJwtCheck = ({ payload }) => validateCognitoJwtFields(payload, { tokenUse: "access", clientId: ClientId });
      const jwksUri = `${issuer}/.well-known/jwks.json`;
      const jwksCache = new SimpleJwksCache({ fetcher });
      const verifier = JwtVerifier.create({ issuer, jwksUri, audience: null, customJwtCheck }, { jwksCache });
      return (token) => verifier.verify(token);
    }));
}
