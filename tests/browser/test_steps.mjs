// Pages that a browser can leave and come back to: reloads, the Back button, two tabs, and the way to the application.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import {
  BASE,
  accountUrl,
  close,
  code,
  expectHeading,
  fillSignUp,
  giveName,
  givePassword,
  heading,
  mail,
  newClient,
  newName,
  newPerson,
  newPool,
  open,
  problem,
  serve,
  signIn,
  visit,
} from "./support.mjs";

after(close);

const PAGE =
  '<!doctype html><html lang="en"><title>Application</title><link rel="icon" href="data:,"><h1>Application</h1>';

const page = (response) => {
  response.setHeader("content-type", "text/html; charset=utf-8");
  response.end(PAGE);
};

/** An authorization request. */
const authorize = (client, callback) =>
  `${BASE}/oauth2/authorize?${new URLSearchParams({
    response_type: "code",
    client_id: client,
    redirect_uri: callback,
    scope: "openid",
  })}`;

test("the page that waits for a code is reloaded, and no other mail is sent", async (t) => {
  const { page } = await visit(t);
  const person = newName();
  await page.goto(accountUrl());
  await page.getByRole("link", { name: "Create an account" }).click();
  await fillSignUp(page, person);
  await expectHeading(page, "Confirm your account");
  const sent = await code(person.email);
  for (let n = 0; n < 3; n += 1) {
    await page.reload();
    await expectHeading(page, "Confirm your account");
  }
  assert.equal((await mail(person.email)).length, 1);
  await page.getByLabel("Code").fill(sent);
  await page.getByRole("button", { name: "Confirm" }).click();
  await expectHeading(page, "Sign in faster next time?");
});

test("Back among the steps, and after the sign-in, meets no expired page", async (t) => {
  const { page } = await visit(t);
  const { username, password } = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, username);
  await expectHeading(page, "Enter your password");
  await page.goBack();
  await expectHeading(page, "Sign in");
  await page.goForward();
  await expectHeading(page, "Enter your password");
  await page.getByLabel("Password", { exact: true }).fill("wrong");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator(".notice.problem:visible").waitFor();
  // The step before was answered: Back leads to where the person is now.
  await page.goBack();
  await page.locator(".notice.problem:visible").waitFor();
  await givePassword(page, password);
  await expectHeading(page, "Your account");
  await page.goBack();
  await expectHeading(page, "Your account");
});

test("whoever signs in in one tab goes on in the other", async (t) => {
  const { context, page } = await visit(t);
  const person = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, person.username);
  await expectHeading(page, "Enter your password");
  const other = await context.newPage();
  await signIn(other, person);
  await givePassword(page, "not even the right one");
  await expectHeading(page, "Your account");
});

test("a passkey's button in another tab goes on, too, once somebody has signed in", async (t) => {
  const { pool, client } = await newPool();
  const person = await newPerson({ pool });
  const visitor = await visit(t);
  const { context, page, refused } = visitor;
  await context.addInitScript(() => {
    if (window.PublicKeyCredential) PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });
  await page.goto(accountUrl({ client }));
  refused.add(page.url());
  const other = await context.newPage();
  await signIn(other, person, { client });
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expectHeading(page, "Your account");
});

test("an application may redirect on to another port, or to a scheme of its own", async (t) => {
  const other = await serve(t, (_, response) => page(response));
  const origin = await serve(t, (_, response) => {
    response.writeHead(302, { location: `${other}/arrived` });
    response.end();
  });
  const client = await newClient({ callbacks: [`${origin}/callback`, "example.app:/done"] });
  const visitor = await visit(t);
  const { username, password } = await newPerson();
  await visitor.page.goto(authorize(client, `${origin}/callback`));
  await giveName(visitor.page, username);
  await givePassword(visitor.page, password);
  await visitor.page.waitForURL(`${other}/arrived*`);
  assert.equal(await heading(visitor.page), "Application");
  // Back does not meet the page that led here.
  await visitor.page.goBack();
  await visitor.page.waitForURL(`${other}/arrived*`);

  const second = await visit(t);
  await second.page.goto(authorize(client, "example.app:/done"));
  await giveName(second.page, username);
  await givePassword(second.page, password);
  const button = second.page.getByRole("link", { name: "Continue" });
  assert.match(await button.getAttribute("href"), /^example\.app:\/done\?code=/);
});

test("a browser without passkeys is told so", async (t) => {
  const { pool, client } = await newPool();
  const person = await newPerson({ pool });
  const { context, page } = await visit(t);
  await context.addInitScript(() => {
    delete window.PublicKeyCredential;
  });
  await signIn(page, person, { client });
  await page.goto(accountUrl({ client }).replace("/account", "/passkeys/add"));
  assert.match(await problem(page), /^This browser can’t use passkeys\./);
});

test("a relying party ID that does not fit the host is said on the page and in the console", async (t) => {
  const { pool, client } = await newPool({
    mfa: { WebAuthnConfiguration: { RelyingPartyId: "example.com", UserVerification: "preferred" } },
  });
  const person = await newPerson({ pool });
  const { context, page } = await open();
  t.after(() => context.close());
  const said = new Promise((resolve) => {
    page.on("console", (message) => {
      if (message.text().startsWith("Keystead:")) resolve(message.text());
    });
  });
  await signIn(page, person, { client });
  await page.goto(accountUrl({ client }).replace("/account", "/passkeys/add"));
  assert.match(await page.locator("main").innerText(), /Passkeys of this user pool work on example\.com only\./);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  assert.match(await said, /relying party ID example\.com .* host localhost/);
});
