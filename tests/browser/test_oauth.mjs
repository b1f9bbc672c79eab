// Applications that send people to Keystead's pages by OAuth 2.0 and OpenID Connect, and get them back.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, test } from "node:test";

import {
  BASE,
  PASSWORD,
  POOL,
  accountUrl,
  close,
  code,
  expectHeading,
  giveName,
  givePassword,
  heading,
  keystead,
  newClient,
  newName,
  newPerson,
  newPool,
  serve,
  signUp,
  visit,
} from "./support.mjs";

after(close);

const PAGE =
  '<!doctype html><html lang="en"><title>Application</title><link rel="icon" href="data:,"><h1>Application</h1>';

/** An application's own server, and its client. `to` waits for a person who is sent to its callback. */
async function application(t, { pool = POOL } = {}) {
  const origin = await serve(t, (request, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end(PAGE);
  });
  const callback = `${origin}/callback`;
  return { callback, client: await newClient({ pool, callbacks: [callback] }) };
}

/** An authorization request, with what the application keeps of it. */
function authorize({ client, callback }, more = {}) {
  const verifier = randomBytes(32).toString("base64url");
  const state = randomBytes(16).toString("base64url");
  const nonce = randomBytes(16).toString("base64url");
  const url = `${BASE}/oauth2/authorize?${new URLSearchParams({
    response_type: "code",
    client_id: client,
    redirect_uri: callback,
    scope: "openid email",
    state,
    nonce,
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...more,
  })}`;
  return { url, verifier, state, nonce };
}

/** Waits until the person is back; the parameters of the callback. */
async function back(page, { callback }) {
  await page.waitForURL(`${callback}?*`);
  return Object.fromEntries(new URL(page.url()).searchParams);
}

async function exchange({ client, callback }, { verifier }, code) {
  const form = { grant_type: "authorization_code", client_id: client, redirect_uri: callback, code, code_verifier: verifier };
  const answer = await fetch(`${BASE}/oauth2/token`, { method: "POST", body: new URLSearchParams(form) });
  const body = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  return body;
}

const claims = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

test("an application sends a person to sign in, and gets a code that it exchanges for tokens", async (t) => {
  const { page } = await visit(t);
  const app = await application(t);
  const { username, email } = await newPerson();
  const asked = authorize(app);
  await page.goto(asked.url);
  assert.equal(await heading(page), "Sign in");
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  const answer = await back(page, app);
  assert.deepEqual(Object.keys(answer).toSorted(), ["code", "iss", "state"]);
  assert.equal(answer.state, asked.state);
  const tokens = await exchange(app, asked, answer.code);
  const id = claims(tokens.id_token);
  assert.deepEqual([id["cognito:username"], id.email, id.nonce, id.aud], [username, email, asked.nonce, app.client]);
});

test("a person signs in there with a passkey from the suggestions", async (t) => {
  const { page, authenticator } = await visit(t);
  const app = await application(t);
  const { username, email } = newName();
  const asked = authorize(app);
  await page.goto(asked.url);
  await signUp(page, { username, email });
  await page.getByRole("button", { name: "Add a passkey" }).click();
  const answer = await back(page, app);
  assert.equal(claims((await exchange(app, asked, answer.code)).id_token)["cognito:username"], username);
  assert.equal((await authenticator.passkeys()).length, 1);

  const again = authorize(app, { prompt: "login" });
  const used = authenticator.next("credentialAsserted");
  await page.goto(again.url);
  const signedIn = await back(page, app);
  await used;
  assert.equal(signedIn.state, again.state);
});

test("who is signed in goes back at once, without any page", async (t) => {
  const { page } = await visit(t);
  const [app, other] = [await application(t), await application(t)];
  const { username } = await newPerson();
  await page.goto(authorize(app).url);
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  await back(page, app);
  const pages = [];
  page.on("response", (response) => response.url().startsWith(BASE) && pages.push(response.status()));
  const asked = authorize(other);
  await page.goto(asked.url);
  const answer = await back(page, other);
  assert.deepEqual(pages, [302]);
  assert.equal(claims((await exchange(other, asked, answer.code)).id_token)["cognito:username"], username);
});

test("prompt=login shows the page to who is signed in", async (t) => {
  const { page } = await visit(t);
  const app = await application(t);
  const { username } = await newPerson();
  await page.goto(authorize(app).url);
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  await back(page, app);
  const asked = authorize(app, { prompt: "login" });
  await page.goto(asked.url);
  assert.equal(await heading(page), "Sign in");
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  assert.equal((await back(page, app)).state, asked.state);
});

test("prompt=none never shows a page", async (t) => {
  const { page } = await visit(t);
  const app = await application(t);
  const asked = authorize(app, { prompt: "none" });
  await page.goto(asked.url);
  const answer = await back(page, app);
  assert.deepEqual([answer.error, answer.state], ["login_required", asked.state]);
});

test("prompt=select_account lets the person go on, or be somebody else", async (t) => {
  const { page } = await visit(t);
  const app = await application(t);
  const [first, second] = [await newPerson(), await newPerson()];
  await page.goto(authorize(app).url);
  await giveName(page, first.username);
  await givePassword(page, PASSWORD);
  await back(page, app);
  const asked = authorize(app, { prompt: "select_account" });
  await page.goto(asked.url);
  assert.equal(await heading(page), "Choose an account");
  await page.getByRole("button", { name: `Continue as ${first.username}` }).click();
  const same = await exchange(app, asked, (await back(page, app)).code);
  assert.equal(claims(same.id_token)["cognito:username"], first.username);
  const again = authorize(app, { prompt: "select_account" });
  await page.goto(again.url);
  await page.getByRole("button", { name: "Use another account" }).click();
  await giveName(page, second.username);
  await givePassword(page, PASSWORD);
  const other = await exchange(app, again, (await back(page, app)).code);
  assert.equal(claims(other.id_token)["cognito:username"], second.username);
});

test("login_hint fills the name in", async (t) => {
  const { page } = await visit(t);
  const app = await application(t);
  const { username } = newName();
  await page.goto(authorize(app, { login_hint: username }).url);
  assert.equal(await page.getByLabel("Username or email address").inputValue(), username);
});

test("ui_locales chooses the language", async (t) => {
  const { page } = await visit(t);
  const app = await application(t);
  await page.goto(authorize(app, { ui_locales: "fr-CA" }).url);
  assert.equal(await page.locator("html").getAttribute("lang"), "fr");
});

test("/logout signs out and leads back to the application, which has to ask again", async (t) => {
  const { page } = await visit(t);
  const app = await application(t);
  const { username } = await newPerson();
  await page.goto(authorize(app).url);
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  await back(page, app);
  await page.goto(`${BASE}/logout?${new URLSearchParams({ client_id: app.client, logout_uri: app.callback })}`);
  assert.equal(page.url(), app.callback);
  await page.goto(authorize(app).url);
  assert.equal(await heading(page), "Sign in");
});

test("a library signs out with the ID token that it got, and a person whom it does not name is asked", async (t) => {
  const { page } = await visit(t);
  const app = await application(t);
  const { username } = await newPerson();
  const asked = authorize(app);
  await page.goto(asked.url);
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  const { id_token: hint } = await exchange(app, asked, (await back(page, app)).code);
  const logout = (more) => `${BASE}/logout?${new URLSearchParams({ post_logout_redirect_uri: app.callback, ...more })}`;
  await page.goto(logout({ client_id: app.client }));
  assert.equal(await heading(page), "Sign out?");
  await page.getByRole("link", { name: "Stay signed in" }).click();
  assert.equal(await heading(page), "Your account");
  await page.goto(logout({ client_id: app.client }));
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.waitForURL(app.callback);
  await page.goto(authorize(app).url);
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  await back(page, app);
  await page.goto(logout({ id_token_hint: hint }));
  assert.equal(page.url(), app.callback);
  await page.goto(authorize(app).url);
  assert.equal(await heading(page), "Sign in");
});

test("a callback that is not the application's gets nobody: the person is told", async (t) => {
  const { page } = await visit(t);
  const app = await application(t);
  const asked = authorize({ ...app, callback: "https://elsewhere.example.com/callback" });
  await page.goto(asked.url);
  assert.equal(new URL(page.url()).origin, BASE);
  assert.equal(await heading(page), "We can’t continue signing you in");
  assert.match(await page.locator("main").innerText(), /The redirect_uri is not one of the app client's callback URLs\./);
});

const add = ({ client, callback }) =>
  `${BASE}/passkeys/add?${new URLSearchParams({ client_id: client, redirect_uri: callback })}`;

test("an application sends a person to add a passkey, and gets them back", async (t) => {
  const { page, authenticator } = await visit(t);
  const app = await application(t);
  const { username } = await newPerson();
  await page.goto(add(app));
  assert.equal(await heading(page), "Sign in");
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Sign in faster next time?");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.waitForURL(app.callback);
  assert.equal((await authenticator.passkeys()).length, 1);
});

test("who adds no passkey gets back too", async (t) => {
  const { page, authenticator } = await visit(t);
  const app = await application(t);
  const { username } = await newPerson();
  await page.goto(authorize(app).url);
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  await back(page, app);
  await page.goto(add(app));
  assert.equal(await heading(page), "Sign in faster next time?");
  await page.getByRole("button", { name: "Not now" }).click();
  await page.waitForURL(app.callback);
  assert.deepEqual(await authenticator.passkeys(), []);
});

test("the pages have the pool's name, colours and logo", async (t) => {
  const { pool, client } = await newPool();
  const logo = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8" fill="#0b6e4f"/></svg>';
  const Branding = { DisplayName: "Green Bank", AccentColor: "#0b6e4f", Logo: Buffer.from(logo).toString("base64") };
  await keystead("SetUserPoolBranding", { UserPoolId: pool, Branding });
  const { page } = await visit(t);
  await page.goto(accountUrl({ client }));
  assert.equal(await page.title(), "Sign in – Green Bank");
  assert.equal(await page.locator("header").innerText(), "Green Bank");
  const button = page.getByRole("button", { name: "Next" });
  assert.equal(await button.evaluate((one) => getComputedStyle(one).backgroundColor), "rgb(11, 110, 79)");
  assert.equal(await page.locator("header img").evaluate((one) => one.decode().then(() => one.naturalWidth > 0)), true);
});
