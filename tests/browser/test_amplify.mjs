// An application with aws-amplify, unmodified and bundled, in a browser, on an origin of its own; and the script that tells
// the browser's passkey manager, for applications with pages of their own.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { build } from "esbuild";

import {
  BASE,
  CLIENT,
  PASSWORD,
  POOL,
  base64url,
  close,
  keystead,
  newPerson,
  serve,
  visit,
} from "./support.mjs";

after(close);

/** What an application does with Amplify, in reach of the test. */
const APPLICATION = `
  import { Amplify } from "aws-amplify";
  import * as auth from "aws-amplify/auth";
  Amplify.configure(${JSON.stringify({
    Auth: { Cognito: { userPoolId: POOL, userPoolClientId: CLIENT, userPoolEndpoint: BASE } },
  })});
  window.auth = auth;
`;

const PAGE =
  '<!doctype html><html lang="en"><title>Application</title><link rel="icon" href="data:,">' +
  '<script type="module" src="/application.js"></script>';

let bundle;

before(async () => {
  const built = await build({
    stdin: { contents: APPLICATION, resolveDir: import.meta.dirname, loader: "js" },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  bundle = built.outputFiles[0].text;
});

/** A browser at the application's page. */
async function application(t) {
  const origin = await serve(t, (request, response) => {
    const isScript = request.url === "/application.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(isScript ? bundle : PAGE);
  });
  const visitor = await visit(t);
  await visitor.page.goto(origin);
  await visitor.page.waitForFunction(() => window.auth);
  return { ...visitor, origin };
}

const signIn = (page, username) =>
  page.evaluate(([username, password]) => window.auth.signIn({ username, password }), [username, PASSWORD]);

const signInWithPasskey = (page, username) =>
  page.evaluate(
    (username) => window.auth.signIn({ username, options: { authFlowType: "USER_AUTH", preferredChallenge: "WEB_AUTHN" } }),
    username,
  );

const list = (page) => page.evaluate(async () => (await window.auth.listWebAuthnCredentials()).credentials);

const accessToken = (page) =>
  page.evaluate(async () => (await window.auth.fetchAuthSession()).tokens.accessToken.toString());

test("an application with Amplify: associate, list, sign in with the passkey, delete", async (t) => {
  const { page, authenticator, origin } = await application(t);
  assert.notEqual(origin, BASE);
  const { username } = await newPerson();
  const begun = await signIn(page, username);
  assert.equal(begun.nextStep.signInStep, "DONE");
  await page.evaluate(() => window.auth.associateWebAuthnCredential());
  const [passkey] = await authenticator.passkeys();
  assert.equal(passkey.rpId, "localhost");
  const [listed, ...more] = await list(page);
  assert.deepEqual(more, []);
  assert.deepEqual([listed.credentialId, listed.relyingPartyId], [base64url(passkey.credentialId), "localhost"]);
  await page.evaluate(() => window.auth.signOut());
  assert.equal(await page.evaluate(async () => (await window.auth.fetchAuthSession()).tokens === undefined), true);
  const used = authenticator.next("credentialAsserted");
  const done = await signInWithPasskey(page, username);
  assert.equal(done.nextStep.signInStep, "DONE");
  assert.equal((await used).credential.credentialId, passkey.credentialId);
  assert.equal((await page.evaluate(() => window.auth.getCurrentUser())).username, username);
  await page.evaluate((credentialId) => window.auth.deleteWebAuthnCredential({ credentialId }), listed.credentialId);
  assert.deepEqual(await list(page), []);
});

test("the script tells the browser of a passkey that an application deleted", async (t) => {
  const { page, authenticator, told } = await application(t);
  const { username } = await newPerson();
  await signIn(page, username);
  await page.evaluate(() => window.auth.associateWebAuthnCredential());
  const [passkey] = await authenticator.passkeys();
  const signalPasskeys = async () =>
    page.evaluate(
      async ([base, token]) => (await import(`${base}/assets/keystead-passkeys.js`)).signalPasskeys(base, token),
      [BASE, await accessToken(page)],
    );
  const expected = (ids) => ({ rpId: "localhost", userId: base64url(passkey.userHandle), allAcceptedCredentialIds: ids });

  assert.deepEqual(await signalPasskeys(), ["signalAllAcceptedCredentials"]);
  assert.deepEqual(told.of("signalAllAcceptedCredentials"), [expected([base64url(passkey.credentialId)])]);
  assert.equal((await authenticator.passkeys()).length, 1);

  const [{ credentialId }] = await list(page);
  await page.evaluate((credentialId) => window.auth.deleteWebAuthnCredential({ credentialId }), credentialId);
  assert.equal((await authenticator.passkeys()).length, 1, "nobody told the browser yet");
  const gone = authenticator.next("credentialDeleted");
  assert.deepEqual(await signalPasskeys(), ["signalAllAcceptedCredentials"]);
  assert.deepEqual(told.of("signalAllAcceptedCredentials").at(-1), expected([]));
  assert.equal((await gone).credentialId, passkey.credentialId);
});

test("the script tells the browser of a passkey that a sign-in did not know", async (t) => {
  const { page, authenticator, told } = await application(t);
  const { username } = await newPerson();
  await signIn(page, username);
  await page.evaluate(() => window.auth.associateWebAuthnCredential());
  const [passkey] = await authenticator.passkeys();
  const credentialId = base64url(passkey.credentialId);
  const gone = authenticator.next("credentialDeleted");
  const done = await page.evaluate(
    async ([base, id]) => (await import(`${base}/assets/keystead-passkeys.js`)).signalUnknownPasskey("localhost", id),
    [BASE, credentialId],
  );
  assert.deepEqual(done, ["signalUnknownCredential"]);
  assert.deepEqual(told.of("signalUnknownCredential"), [{ rpId: "localhost", credentialId }]);
  assert.equal((await gone).credentialId, passkey.credentialId);
});

test("the script says so where Keystead refuses the token", async (t) => {
  const { page, refused } = await application(t);
  refused.add(`${BASE}/`);
  const said = await page.evaluate(async (base) => {
    const { signalPasskeys } = await import(`${base}/assets/keystead-passkeys.js`);
    return signalPasskeys(base, "not.a.token").catch((error) => error.message);
  }, BASE);
  assert.match(said, /^NotAuthorizedException: /);
});

test("the script does nothing where the browser knows no signals", async (t) => {
  const { page } = await application(t);
  const { username } = await newPerson();
  await signIn(page, username);
  const done = await page.evaluate(
    async ([base, token]) => {
      delete PublicKeyCredential.signalAllAcceptedCredentials;
      return (await import(`${base}/assets/keystead-passkeys.js`)).signalPasskeys(base, token);
    },
    [BASE, await accessToken(page)],
  );
  assert.deepEqual(done, []);
});
