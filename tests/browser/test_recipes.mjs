// The recipes of docs/clients.md for browsers, bundled, in applications on origins of their own.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import { build } from "esbuild";

import {
  BASE,
  CLIENT,
  PASSWORD,
  POOL,
  base64url,
  close,
  expectHeading,
  giveName,
  givePassword,
  newClient,
  newPerson,
  serve,
  visit,
} from "./support.mjs";

after(close);

const ENVIRONMENT = { POOL, CLIENT, ISSUER: `${BASE}/${POOL}`, AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER: BASE };

/** What `ampx generate outputs` would have written. */
const OUTPUTS = {
  version: "1.4",
  auth: {
    aws_region: POOL.split("_")[0],
    user_pool_id: POOL,
    user_pool_client_id: CLIENT,
    passwordless: { web_authn: { relying_party_id: "localhost" }, preferred_challenge: "WEB_AUTHN" },
  },
};

const outputs = {
  name: "amplify_outputs.json",
  setup(build) {
    build.onResolve({ filter: /amplify_outputs\.json$/ }, ({ path }) => ({ path, namespace: "outputs" }));
    build.onLoad({ filter: /./, namespace: "outputs" }, () => ({ contents: JSON.stringify(OUTPUTS), loader: "json" }));
  },
};

/** An application that is a recipe, with its exports and Amplify's in reach of the test. Resolves to its origin. */
async function application(t, recipe, more = "") {
  const pages = new Map();
  const origin = await serve(t, (request, response) => {
    const isScript = request.url === "/application.js";
    response.setHeader("content-type", isScript ? "text/javascript" : "text/html; charset=utf-8");
    response.end(pages.get(isScript ? "script" : "page"));
  });
  const environment = { ...ENVIRONMENT, CLIENT_ID: await newClient({ callbacks: [`${origin}/callback`, origin] }) };
  const define = Object.entries(environment).map(([name, value]) => [`process.env.${name}`, JSON.stringify(value)]);
  const built = await build({
    stdin: {
      contents: `import * as recipe from "./${recipe}"; ${more}; window.recipe = recipe;`,
      resolveDir: `${import.meta.dirname}/../clients/recipes`,
      loader: "js",
    },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    define: { ...Object.fromEntries(define), "process.env.NODE_ENV": '"production"' },
    // Unless the other clients' packages are there.
    nodePaths: [`${import.meta.dirname}/node_modules`],
    plugins: [outputs],
  });
  pages.set("script", built.outputFiles[0].text);
  pages.set(
    "page",
    '<!doctype html><html lang="en"><title>Application</title><link rel="icon" href="data:,">' +
      '<script type="module" src="/application.js"></script>',
  );
  return origin;
}

const AMPLIFY = 'import * as auth from "aws-amplify/auth"; window.auth = auth';

async function opened(t, origin) {
  const visitor = await visit(t);
  await visitor.page.goto(origin);
  await visitor.page.waitForFunction(() => window.recipe);
  return visitor;
}

test("Amplify signs in with the passkey that the configuration prefers", async (t) => {
  const { page, authenticator } = await opened(t, await application(t, "amplify.mjs", AMPLIFY));
  const { username } = await newPerson();
  await page.evaluate(([username, password]) => window.auth.signIn({ username, password }), [username, PASSWORD]);
  await page.evaluate(() => window.auth.associateWebAuthnCredential());
  await page.evaluate(() => window.auth.signOut());
  const used = authenticator.next("credentialAsserted");
  const done = await page.evaluate((username) => window.recipe.signInWithPasskey(username), username);
  assert.equal(done.nextStep.signInStep, "DONE");
  const [passkey] = await authenticator.passkeys();
  assert.equal(base64url((await used).credential.credentialId), base64url(passkey.credentialId));
});

test("Amplify offers the factors of a person without a passkey", async (t) => {
  const { page } = await opened(t, await application(t, "amplify.mjs", AMPLIFY));
  const { username } = await newPerson();
  const { nextStep } = await page.evaluate((username) => window.recipe.signInWithPasskey(username), username);
  assert.equal(nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
  assert.ok(nextStep.availableChallenges.includes("PASSWORD_SRP"));
});

test("Amplify Gen 2's outputs and an endpoint are enough", async (t) => {
  const { page } = await opened(t, await application(t, "amplify-gen2.mjs", AMPLIFY));
  const { username } = await newPerson();
  const signIn = ([username, password]) => window.auth.signIn({ username, password });
  assert.equal((await page.evaluate(signIn, [username, PASSWORD])).nextStep.signInStep, "DONE");
});

test("oidc-client-ts signs in, renews its tokens and signs out", async (t) => {
  const origin = await application(t, "oidc-client-ts.mjs");
  const { page } = await opened(t, origin);
  const person = await newPerson();
  await page.evaluate(() => void window.recipe.signIn());
  await giveName(page, person.username);
  await givePassword(page, person.password);
  await page.waitForURL(`${origin}/callback?*`);
  await page.waitForFunction(() => window.recipe);
  const user = await page.evaluate(() => window.recipe.signedIn());
  assert.equal(user.profile.email, person.email);
  const renewed = await page.evaluate(() => window.recipe.renew());
  assert.notEqual(renewed.access_token, user.access_token);

  await page.evaluate(() => void window.recipe.signOut());
  await page.waitForURL((url) => url.origin === origin && url.pathname === "/");
  await page.waitForFunction(() => window.recipe);
  assert.equal(await page.evaluate(() => window.recipe.currentUser()), null);
  await page.evaluate(() => void window.recipe.signIn());
  await expectHeading(page, "Sign in");
});
