// openid-client, a certified relying party, unmodified, against a running Keystead. Run by tests/clients/run.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";

import { CognitoIdentityProvider } from "@aws-sdk/client-cognito-identity-provider";
import * as client from "openid-client";

const SERVER = process.env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER;
const { POOL } = process.env;
const ISSUER = `${SERVER}/${POOL}`;
const CALLBACK = "http://localhost:3000/callback";
const SIGNED_OUT = "http://localhost:3000/signed-out";
const PASSWORD = "Passw0rd!";

const api = new CognitoIdentityProvider({ endpoint: SERVER });

/** A new app client of the user pool, as the relying party knows it. */
async function relyingParty(settings = {}, authentication = () => client.None()) {
  const { UserPoolClient } = await api.createUserPoolClient({
    UserPoolId: POOL,
    ClientName: "relying party",
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ["code"],
    AllowedOAuthScopes: ["openid", "email"],
    CallbackURLs: [CALLBACK],
    LogoutURLs: [SIGNED_OUT],
    SupportedIdentityProviders: ["COGNITO"],
    ...settings,
  });
  const { ClientId, ClientSecret } = UserPoolClient;
  const execute = [client.allowInsecureRequests, client.enableNonRepudiationChecks];
  return client.discovery(new URL(ISSUER), ClientId, undefined, authentication(ClientSecret), { execute });
}

/** A user with a password and a verified email address. */
async function newUser() {
  const username = `u-${randomUUID()}`;
  const email = `${username}@example.com`;
  const [name, attributes] = [{ UserPoolId: POOL, Username: username }, { email, email_verified: "true" }];
  const UserAttributes = Object.entries(attributes).map(([Name, Value]) => ({ Name, Value }));
  const { User } = await api.adminCreateUser({ ...name, UserAttributes, MessageAction: "SUPPRESS" });
  await api.adminSetUserPassword({ ...name, Password: PASSWORD, Permanent: true });
  return { username, email, sub: User.Attributes.find((one) => one.Name === "sub").Value };
}

const unescaped = (html) => html.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));

/** What the sign-in pages need of a browser. */
class Browser {
  cookies = new Map();

  /** Goes to an address and on from there: to a page, or to an address of the relying party, which is not fetched. */
  async open(url, form) {
    for (this.at = new URL(url); this.at.origin === SERVER; form = undefined) {
      const here = [...this.cookies.values()].filter(({ path }) => path === "/" || path === this.at.pathname);
      const cookie = here.map(({ name, value }) => `${name}=${value}`).join("; ");
      const sent = form && { method: "POST", body: new URLSearchParams(form) };
      const response = await fetch(this.at, { redirect: "manual", headers: { cookie }, ...sent });
      for (const one of response.headers.getSetCookie()) {
        const [, name, value, path = "/"] = one.match(/^([^=]*)=([^;]*)(?:.*Path=([^;]*))?/);
        if (value) this.cookies.set(`${name} ${path}`, { name, value, path });
        else this.cookies.delete(`${name} ${path}`);
      }
      this.html = await response.text();
      // The last page of a sign-in goes on by itself.
      const refresh = this.html.match(/<meta http-equiv="refresh" content="0;url=([^"]*)">/);
      const to = response.headers.get("location") ?? (refresh && unescaped(refresh[1]));
      if (!to) break;
      this.at = new URL(to, this.at);
    }
    return this.at;
  }

  /** Sends the page's form of this step. */
  submit(step, fields) {
    const form = this.html.match(/<form [^]*?<\/form>/g)?.find((one) => one.includes(`name="step" value="${step}"`));
    assert.ok(form, `no form for the step ${step} at ${this.at}: ${this.html}`);
    const inputs = [...form.matchAll(/<input[^>]* name="([^"]*)"(?: value="([^"]*)")?/g)];
    const values = inputs.map(([, name, value = ""]) => [name, unescaped(value)]);
    const action = unescaped(form.match(/ action="([^"]*)"/)[1]);
    return this.open(new URL(action, this.at), { ...Object.fromEntries(values), ...fields });
  }

  /** Fills in the sign-in pages. */
  async signIn({ username }) {
    await this.submit("name", { username });
    return this.submit("password", { password: PASSWORD });
  }
}

/** An authorization request with PKCE, and what the relying party checks the answer by. */
async function request(config, parameters) {
  const checks = {
    pkceCodeVerifier: client.randomPKCECodeVerifier(),
    expectedState: client.randomState(),
    expectedNonce: client.randomNonce(),
  };
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope: "openid email",
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier),
    code_challenge_method: "S256",
    ...parameters,
  });
  return { url, checks };
}

/** Where a sign-in leads back to, and what the relying party checks it by. */
async function signedIn(config, user, browser = new Browser()) {
  const { url, checks } = await request(config);
  await browser.open(url);
  return { back: await browser.signIn(user), checks };
}

/** The tokens of a sign-in. */
async function tokensOf(config, user, browser) {
  const { back, checks } = await signedIn(config, user, browser);
  return client.authorizationCodeGrant(config, back, checks);
}

const now = () => Math.floor(Date.now() / 1000);
const nextSecond = () => new Promise((done) => setTimeout(done, 1100));
const claimsOf = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));
const half = (token) => createHash("sha256").update(token).digest().subarray(0, 16).toString("base64url");

test("the issuer's discovery document names the endpoints", async () => {
  const metadata = (await relyingParty()).serverMetadata();
  assert.equal(metadata.issuer, ISSUER);
  assert.equal(metadata.authorization_endpoint, `${SERVER}/oauth2/authorize`);
  assert.equal(metadata.token_endpoint, `${SERVER}/oauth2/token`);
  assert.equal(metadata.userinfo_endpoint, `${SERVER}/oauth2/userInfo`);
  assert.equal(metadata.revocation_endpoint, `${SERVER}/oauth2/revoke`);
  assert.equal(metadata.end_session_endpoint, `${SERVER}/logout`);
  assert.equal(metadata.jwks_uri, `${ISSUER}/.well-known/jwks.json`);
});

test("a code with PKCE, state and nonce is exchanged for tokens that hold", async () => {
  const [config, user] = [await relyingParty(), await newUser()];
  const { back, checks } = await signedIn(config, user);
  assert.equal(back.origin + back.pathname, CALLBACK);
  // Checks state, the ID token's signature, issuer, audience, times and nonce.
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  assert.deepEqual([tokens.token_type, tokens.expires_in], ["bearer", 3600]);
  assert.ok(tokens.refresh_token);
  const claims = tokens.claims();
  assert.deepEqual([claims.sub, claims["cognito:username"], claims.token_use], [user.sub, user.username, "id"]);
  assert.deepEqual([claims.email, claims.email_verified], [user.email, true]);
  assert.equal(claims.at_hash, half(tokens.access_token));
  const access = claimsOf(tokens.access_token);
  assert.deepEqual([access.sub, access.token_use, access.scope], [user.sub, "access", "openid email"]);
  assert.equal(access.client_id, config.clientMetadata().client_id);
});

test("userInfo tells who the access token's user is", async () => {
  const [config, user] = [await relyingParty(), await newUser()];
  const tokens = await tokensOf(config, user);
  const info = await client.fetchUserInfo(config, tokens.access_token, user.sub);
  assert.deepEqual(info, { sub: user.sub, email: user.email, email_verified: "true", username: user.username });
});

test("userInfo refuses a token of a sign-in without openid", async () => {
  const scope = "aws.cognito.signin.user.admin";
  const [config, user, browser] = [await relyingParty({ AllowedOAuthScopes: [scope] }), await newUser(), new Browser()];
  const { url, checks } = await request(config, { scope });
  await browser.open(url);
  checks.expectedNonce = undefined;
  const tokens = await client.authorizationCodeGrant(config, await browser.signIn(user), checks);
  assert.equal(tokens.id_token, undefined);
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, user.sub), ({ cause, status }) => {
    assert.deepEqual([status, cause[0].scheme, cause[0].parameters.error], [401, "bearer", "invalid_token"]);
    return true;
  });
});

test("a refresh token is exchanged for tokens of the same sign-in", async () => {
  const [config, user] = [await relyingParty(), await newUser()];
  const tokens = await tokensOf(config, user);
  const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(refreshed.access_token, tokens.access_token);
  assert.equal(refreshed.refresh_token, undefined, "there is rotation only where it is switched on");
  const [before, after] = [tokens.claims(), refreshed.claims()];
  assert.deepEqual([after.sub, after.auth_time, after.nonce], [user.sub, before.auth_time, undefined]);
  assert.equal(claimsOf(refreshed.access_token).scope, "openid email");
});

test("with rotation a refresh token gives its successor, and both end when it comes again", async () => {
  const RefreshTokenRotation = { Feature: "ENABLED", RetryGracePeriodSeconds: 0 };
  const config = await relyingParty({ RefreshTokenRotation, ExplicitAuthFlows: ["ALLOW_USER_AUTH"] });
  const tokens = await tokensOf(config, await newUser());
  const { refresh_token } = await client.refreshTokenGrant(config, tokens.refresh_token);
  assert.notEqual(refresh_token, tokens.refresh_token);
  for (const token of [tokens.refresh_token, refresh_token]) {
    await assert.rejects(client.refreshTokenGrant(config, token), { error: "invalid_grant", status: 400 });
  }
});

test("a revoked refresh token gives no tokens, and its access token tells nothing", async () => {
  const [config, user] = [await relyingParty(), await newUser()];
  const tokens = await tokensOf(config, user);
  await client.tokenRevocation(config, tokens.refresh_token);
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant", status: 400 });
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, user.sub), { status: 401 });
});

test("the end of a session makes the next request ask who is there", async () => {
  const [config, user, browser] = [await relyingParty(), await newUser(), new Browser()];
  const tokens = await tokensOf(config, user, browser);
  const state = client.randomState();
  const parameters = { post_logout_redirect_uri: SIGNED_OUT, id_token_hint: tokens.id_token, state };
  const back = await browser.open(client.buildEndSessionUrl(config, parameters));
  assert.equal(back.href, `${SIGNED_OUT}?state=${state}`);
  const { url } = await request(config);
  assert.equal((await browser.open(url)).pathname, "/login");
});

test("the end of a session makes a copy of its cookie worthless", async () => {
  const [config, browser, copy] = [await relyingParty(), new Browser(), new Browser()];
  await tokensOf(config, await newUser(), browser);
  copy.cookies = new Map(browser.cookies);
  await browser.open(client.buildEndSessionUrl(config, { logout_uri: SIGNED_OUT }));
  const { url, checks } = await request(config, { prompt: "none" });
  const back = await copy.open(url);
  await assert.rejects(client.authorizationCodeGrant(config, back, checks), { error: "login_required" });
});

test("prompt=none without a session is answered with login_required", async () => {
  const config = await relyingParty();
  const { url, checks } = await request(config, { prompt: "none" });
  const back = await new Browser().open(url);
  assert.equal(back.origin + back.pathname, CALLBACK);
  await assert.rejects(client.authorizationCodeGrant(config, back, checks), { error: "login_required" });
});

test("prompt=none with a session gives a code, and no page is shown", async () => {
  const [config, user, browser] = [await relyingParty(), await newUser(), new Browser()];
  const first = await tokensOf(config, user, browser);
  const { url, checks } = await request(config, { prompt: "none" });
  const tokens = await client.authorizationCodeGrant(config, await browser.open(url), checks);
  assert.equal(tokens.claims().sub, user.sub);
  assert.equal(tokens.claims().auth_time, first.claims().auth_time, "it is the same sign-in");
});

test("a max_age that has not passed asks nobody", async () => {
  const [config, user, browser] = [await relyingParty(), await newUser(), new Browser()];
  const first = await tokensOf(config, user, browser);
  const { url, checks } = await request(config, { max_age: "3600" });
  const tokens = await client.authorizationCodeGrant(config, await browser.open(url), { ...checks, maxAge: 3600 });
  assert.equal(tokens.claims().auth_time, first.claims().auth_time);
});

// They are the same (OpenID Connect Core section 3.1.2.1).
for (const parameters of [{ prompt: "login" }, { max_age: "0" }]) {
  test(`${new URLSearchParams(parameters)} makes who is signed in sign in again`, async () => {
    const [config, user, browser] = [await relyingParty(), await newUser(), new Browser()];
    const first = await tokensOf(config, user, browser);
    const { url, checks } = await request(config, parameters);
    assert.equal((await browser.open(url)).pathname, "/login");
    await nextSecond();
    const again = await client.authorizationCodeGrant(config, await browser.signIn(user), { ...checks, maxAge: 0 });
    assert.ok(again.claims().auth_time > first.claims().auth_time);
    assert.ok(again.claims().auth_time <= now());
  });
}

test("a code is not exchanged with another verifier", async () => {
  const config = await relyingParty();
  const { back, checks } = await signedIn(config, await newUser());
  const wrong = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() };
  await assert.rejects(client.authorizationCodeGrant(config, back, wrong), { error: "invalid_grant", status: 400 });
});

test("a code that was asked for with PKCE is not exchanged without a verifier", async () => {
  const config = await relyingParty();
  const { back, checks } = await signedIn(config, await newUser());
  const without = { ...checks, pkceCodeVerifier: undefined };
  await assert.rejects(client.authorizationCodeGrant(config, back, without), { error: "invalid_grant", status: 400 });
});

test("a code that an application exchanges twice at once is refused, and what it gave before stays", async () => {
  const [config, user] = [await relyingParty(), await newUser()];
  const { back, checks } = await signedIn(config, user);
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  await assert.rejects(client.authorizationCodeGrant(config, back, checks), { error: "invalid_grant", status: 400 });
  await client.fetchUserInfo(config, tokens.access_token, user.sub);
});

test("a code that comes again without the verifier is refused, and what it gave before is revoked", async () => {
  const [config, user] = [await relyingParty(), await newUser()];
  const { back, checks } = await signedIn(config, user);
  const tokens = await client.authorizationCodeGrant(config, back, checks);
  const without = { ...checks, pkceCodeVerifier: undefined };
  await assert.rejects(client.authorizationCodeGrant(config, back, without), { error: "invalid_grant", status: 400 });
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
  await assert.rejects(client.fetchUserInfo(config, tokens.access_token, user.sub), { status: 401 });
});

for (const authentication of [client.ClientSecretBasic, client.ClientSecretPost]) {
  test(`a confidential client proves itself by ${authentication.name}`, async () => {
    const [config, user] = [await relyingParty({ GenerateSecret: true }, authentication), await newUser()];
    const tokens = await tokensOf(config, user);
    const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token);
    assert.equal(refreshed.claims().sub, user.sub);
    await client.tokenRevocation(config, tokens.refresh_token);
    await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), { error: "invalid_grant" });
  });

  test(`a wrong secret by ${authentication.name} is refused`, async () => {
    const config = await relyingParty({ GenerateSecret: true }, () => authentication("wrong"));
    const { back, checks } = await signedIn(config, await newUser());
    await assert.rejects(client.authorizationCodeGrant(config, back, checks), { error: "invalid_client" });
  });
}

/** A confidential client that acts for itself, at a new resource server with the scopes read and write. */
async function machine(t, allowed = ["read", "write"]) {
  const server = `https://${randomUUID()}.example.com`;
  const Scopes = ["read", "write"].map((name) => ({ ScopeName: name, ScopeDescription: name }));
  await api.createResourceServer({ UserPoolId: POOL, Identifier: server, Name: "files", Scopes });
  t.after(() => api.deleteResourceServer({ UserPoolId: POOL, Identifier: server }));
  const settings = {
    GenerateSecret: true,
    AllowedOAuthFlows: ["client_credentials"],
    AllowedOAuthScopes: allowed.map((name) => `${server}/${name}`),
  };
  return { server, config: await relyingParty(settings, client.ClientSecretBasic) };
}

test("client credentials give an access token for a resource server and nothing else", async (t) => {
  const { server, config } = await machine(t);
  const tokens = await client.clientCredentialsGrant(config, { scope: `${server}/read` });
  assert.deepEqual(Object.keys(tokens).sort(), ["access_token", "expires_in", "token_type"]);
  const claims = claimsOf(tokens.access_token);
  const { client_id } = config.clientMetadata();
  assert.deepEqual([claims.iss, claims.sub, claims.client_id], [ISSUER, client_id, client_id]);
  assert.deepEqual([claims.scope, claims.token_use], [`${server}/read`, "access"]);
  assert.equal(claims.exp - claims.iat, tokens.expires_in);
});

test("client credentials without a scope give all that the client has", async (t) => {
  const { server, config } = await machine(t);
  const tokens = await client.clientCredentialsGrant(config);
  assert.equal(claimsOf(tokens.access_token).scope, `${server}/read ${server}/write`);
});

test("client credentials with a scope that the client does not have are refused", async (t) => {
  const { server, config } = await machine(t, ["read"]);
  const refused = client.clientCredentialsGrant(config, { scope: `${server}/write` });
  await assert.rejects(refused, { error: "invalid_scope", status: 400 });
});

test("the relying party is told that a scope is not allowed", async () => {
  const config = await relyingParty();
  const { url, checks } = await request(config, { scope: "openid phone" });
  const back = await new Browser().open(url);
  await assert.rejects(client.authorizationCodeGrant(config, back, checks), { error: "invalid_scope" });
});

test("the relying party is told that there is no such response type", async () => {
  const config = await relyingParty();
  const { url, checks } = await request(config, { response_type: "cheese" });
  const back = await new Browser().open(url);
  // So says docs/cognito.md 7.1, where RFC 6749 would have unsupported_response_type.
  await assert.rejects(client.authorizationCodeGrant(config, back, checks), { error: "invalid_request" });
});

test("the relying party is told that a response type is not for it, in the fragment that it waits for", async () => {
  const { url, checks } = await request(await relyingParty(), { response_type: "token" });
  const back = new URLSearchParams((await new Browser().open(url)).hash.slice(1));
  assert.deepEqual([back.get("error"), back.get("state")], ["unauthorized_client", checks.expectedState]);
});

test("a callback URL that is not the relying party's is told to nobody but the person", async () => {
  const { url } = await request(await relyingParty(), { redirect_uri: "http://localhost:3000/other" });
  const browser = new Browser();
  assert.equal((await browser.open(url)).pathname, "/oauth2/authorize");
  assert.match(browser.html, /The redirect_uri is not one of the app client&#39;s callback URLs/);
});

test("state comes back as it was, whatever the answer", async () => {
  const state = `a b+c&d=é%20#/?"'<`;
  const [config, browser] = [await relyingParty({ AllowedOAuthFlows: ["code", "implicit"] }), new Browser()];
  const open = async (parameters) => browser.open((await request(config, { state, ...parameters })).url);
  const comesWith = (back, [name, value]) => {
    const answer = new URLSearchParams(back.search || back.hash.slice(1));
    assert.equal(answer.get("state"), state, back);
    assert.match(answer.get(name), value, back);
  };
  const token = { response_type: "token", code_challenge: "", code_challenge_method: "" };
  comesWith(await open({ prompt: "none" }), ["error", /^login_required$/]);
  comesWith(await open({ ...token, prompt: "none" }), ["error", /^login_required$/]);
  comesWith(await open({ scope: "phone" }), ["error", /^invalid_scope$/]);
  comesWith(await open({ response_type: "" }), ["error", /^invalid_request$/]);
  comesWith(await open({ code_challenge_method: "plain" }), ["error", /^invalid_request$/]);
  await open({});
  comesWith(await browser.signIn(await newUser()), ["code", /./]);
  comesWith(await open({ prompt: "none" }), ["code", /./]);
  comesWith(await open(token), ["access_token", /./]);
});

/** The fragment that the implicit grant ends with. */
async function implicitly(config, user, parameters) {
  const [browser, state, nonce] = [new Browser(), client.randomState(), client.randomNonce()];
  const asked = { redirect_uri: CALLBACK, response_type: "token", scope: "openid email", state, nonce, ...parameters };
  await browser.open(client.buildAuthorizationUrl(config, asked));
  const back = await browser.signIn(user);
  return { back, fragment: Object.fromEntries(new URLSearchParams(back.hash.slice(1))), state, nonce };
}

test("the implicit grant gives access and ID token in the fragment", async () => {
  const [config, user] = [await relyingParty({ AllowedOAuthFlows: ["implicit"] }), await newUser()];
  client.useIdTokenResponseType(config);
  const { back, fragment, state, nonce } = await implicitly(config, user);
  assert.equal(back.href.split("#")[0], CALLBACK);
  const { access_token, id_token, token_type, ...rest } = fragment;
  assert.deepEqual(rest, { expires_in: "3600", iss: config.serverMetadata().issuer, state });
  assert.equal(token_type.toLowerCase(), "bearer");
  // Checks state, the ID token's signature, issuer, audience, times and nonce.
  const claims = await client.implicitAuthentication(config, back, nonce, { expectedState: state });
  assert.deepEqual([claims.sub, claims.at_hash], [user.sub, half(access_token)]);
  assert.equal(claims.aud, config.clientMetadata().client_id);
  assert.equal((await client.fetchUserInfo(config, access_token, user.sub)).email, user.email);
  assert.equal(id_token.split(".").length, 3);
});

test("the implicit grant without openid gives no ID token", async () => {
  const scope = "aws.cognito.signin.user.admin";
  const config = await relyingParty({ AllowedOAuthFlows: ["implicit"], AllowedOAuthScopes: ["openid", scope] });
  const { fragment } = await implicitly(config, await newUser(), { scope });
  assert.deepEqual(Object.keys(fragment).sort(), ["access_token", "expires_in", "iss", "state", "token_type"]);
});
