import { createAmplifyContext } from "aws-amplify";
import { createKeyValueStorageFromCookieStorageAdapter, createUserPoolsTokenProvider } from "aws-amplify/adapter-core";
import { fetchAuthSession } from "aws-amplify/auth/server";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { cookies } from "next/headers";
import { config } from "./amplify-config";

const { Auth } = config();
const { userPoolId, userPoolClientId, userPoolEndpoint } = Auth.Cognito;
const issuer = `${userPoolEndpoint}/${userPoolId}`;
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));

/** Whether a cookie may be believed. Amplify itself only decodes the tokens. */
async function getItem(name, value) {
  const kind = name.match(/\.(access|id)Token$/)?.[1];
  if (!kind) return true;
  try {
    const { payload } = await jwtVerify(value, keys, { issuer, algorithms: ["RS256"] });
    return payload.token_use === kind && (payload.client_id ?? payload.aud) === userPoolClientId;
  } catch (error) {
    // Nobody but Keystead made an expired token, and Amplify refreshes it.
    return error.code === "ERR_JWT_EXPIRED";
  }
}

/** The session of the person whose browser asks. Amplify in the browser needs `Amplify.configure(config, { ssr: true })`. */
export async function currentSession() {
  const store = await cookies();
  // A page may read cookies only. The browser renews them.
  const adapter = { get: (name) => store.get(encodeURIComponent(name)), getAll: () => store.getAll(), set() {}, delete() {} };
  const storage = createKeyValueStorageFromCookieStorageAdapter(adapter, { getItem });
  const tokenProvider = createUserPoolsTokenProvider(Auth, storage);
  return fetchAuthSession(createAmplifyContext({ Auth }, { Auth: { tokenProvider } }));
}
