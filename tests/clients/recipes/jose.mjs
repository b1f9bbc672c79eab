import { createRemoteJWKSet, jwtVerify } from "jose";

const { ISSUER, CLIENT_ID } = process.env;
const keys = createRemoteJWKSet(new URL(`${ISSUER}/.well-known/jwks.json`));

export async function verifyAccessToken(token) {
  const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, algorithms: ["RS256"] });
  // An access token has no audience. It names the app client in a claim of its own.
  if (payload.token_use !== "access" || payload.client_id !== CLIENT_ID) throw new Error("a token for something else");
  return payload;
}

export async function verifyIdToken(token) {
  const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, audience: CLIENT_ID, algorithms: ["RS256"] });
  if (payload.token_use !== "id") throw new Error("not an ID token");
  return payload;
}
