// Amplify on a server and in the browser of the same application. Run by tests/clients/run --all.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, test } from "node:test";

import { PASSWORD, close, newPerson, visit } from "../browser/support.mjs";

const directory = `${import.meta.dirname}/recipes/nextjs`;
let application, origin;

before(async () => {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address();
  listener.close();
  origin = `http://localhost:${port}`;
  const next = `${directory}/node_modules/next/dist/bin/next`;
  application = spawn(process.execPath, [next, "start", "--port", port], { cwd: directory, stdio: "inherit" });
  for (;;) {
    assert.equal(application.exitCode, null, "the application ended");
    if (await fetch(`${origin}/amplify`).catch(() => false)) break;
    await new Promise((done) => setTimeout(done, 50));
  }
});

after(async () => {
  application.kill();
  await close();
});

/** A browser that Amplify signed in, with the tokens in cookies. */
async function signedIn(t) {
  const { page } = await visit(t);
  // The application's scripts are large.
  page.setDefaultTimeout(60_000);
  await page.goto(`${origin}/amplify`);
  assert.equal(await page.locator("p").innerText(), "Signed out");
  await page.waitForFunction(() => window.auth);
  const { username } = await newPerson();
  await page.evaluate(([username, password]) => window.auth.signIn({ username, password }), [username, PASSWORD]);
  return { page, username };
}

test("the server knows by Amplify's cookies who is signed in", async (t) => {
  const { page, username } = await signedIn(t);
  await page.reload();
  assert.equal(await page.locator("p").innerText(), `Signed in as ${username}`);
  await page.waitForFunction(() => window.auth);
  await page.evaluate(() => window.auth.signOut());
  await page.reload();
  assert.equal(await page.locator("p").innerText(), "Signed out");
});

test("the server believes no forged cookie", async (t) => {
  const { page, username } = await signedIn(t);
  const cookies = await page.context().cookies(origin);
  const access = cookies.find(({ name }) => name.endsWith(".accessToken"));
  const [head, claims, signature] = access.value.split(".");
  const forged = Buffer.from(claims, "base64url").toString().replaceAll(username, "root");
  const value = [head, Buffer.from(forged).toString("base64url"), signature].join(".");
  await page.context().addCookies([{ ...access, value }]);
  await page.reload();
  assert.equal(await page.locator("p").innerText(), "Signed out");
});

test("@aws-amplify/adapter-nextjs knows the issuers of Amazon Cognito only", async (t) => {
  const { page } = await signedIn(t);
  await page.goto(`${origin}/adapter`);
  assert.equal(await page.locator("p").innerText(), "Signed out");
});
