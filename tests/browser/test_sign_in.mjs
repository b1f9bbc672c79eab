// Signing in on Keystead's pages by everything but the suggestions of the name's field, and what is said when it fails.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import {
  Authenticator,
  CLIENT,
  PASSWORD,
  POOL,
  accountUrl,
  addPasskey,
  api,
  close,
  code,
  expectHeading,
  fillSignUp,
  giveName,
  givePassword,
  good,
  heading,
  newName,
  newPerson,
  newPool,
  otherWays,
  problem,
  signIn,
  signOut,
  signUp,
  suggestNothing,
  totp,
  visit,
} from "./support.mjs";

after(close);

const WRONG = "That didn’t work. Check what you entered, or sign in another way.";

test("by name, then by passkey, which the page asks for by itself", async (t) => {
  const browser = await visit(t);
  const { page, authenticator } = browser;
  await suggestNothing(browser);
  const person = await newPerson();
  await signIn(page, person);
  const passkey = await addPasskey(page, authenticator);
  await signOut(page);
  const used = authenticator.next("credentialAsserted");
  await giveName(page, person.username);
  await expectHeading(page, "Your account");
  assert.equal((await used).credential.credentialId, passkey.credentialId);
});

test("a browser that has no passkey to suggest is asked again only for a new challenge", async (t) => {
  const { page, context } = await visit(t);
  // As a password manager's extension does that nobody is signed in to.
  await context.addInitScript(() => {
    window.suggestions = 0;
    PublicKeyCredential.isConditionalMediationAvailable = async () => true;
    navigator.credentials.get = async ({ mediation }) => {
      if (mediation === "conditional") window.suggestions += 1;
      return null;
    };
  });
  await page.clock.install();
  await page.goto(accountUrl());
  const suggestions = () => page.evaluate(() => window.suggestions);
  await page.waitForFunction(() => window.suggestions === 1);
  await page.clock.runFor(150_000);
  assert.equal(await suggestions(), 1);
  await page.clock.runFor(20_000);
  await page.waitForFunction(() => window.suggestions === 2);
});

test("the button works when it is pressed before the suggestion has started", async (t) => {
  const browser = await visit(t);
  const { page, context, authenticator } = browser;
  await suggestNothing(browser);
  const person = await newPerson();
  await signIn(page, person);
  await addPasskey(page, authenticator);
  await signOut(page);
  await context.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = () =>
      new Promise((resolve) => {
        window.letSuggest = () => resolve(true);
      });
  });
  let goOn;
  const told = new Promise((resolve) => (goOn = resolve));
  let asked = 0;
  await page.route("**/login*", async (route) => {
    if (route.request().postData()?.includes("step=options") && ++asked === 1) await told;
    await route.continue();
  });
  await page.reload();
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await page.waitForFunction(() => window.letSuggest);
  await page.evaluate(() => window.letSuggest());
  // What the suggestion would do next is done.
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  goOn();
  await expectHeading(page, "Your account");
  assert.equal(asked, 1, "the suggestion asked for nothing");
});

test("by name, then by password", async (t) => {
  const { page } = await visit(t);
  const person = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, person.username);
  await expectHeading(page, "Enter your password");
  assert.match(await page.locator(".who").innerText(), new RegExp(`^${person.username} `));
  assert.deepEqual(await otherWays(page), ["Get a code by email"]);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Your account");
});

test("by email address in place of the name, in other letters too", async (t) => {
  const { page } = await visit(t);
  const { username, email } = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, email.toUpperCase());
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Your account");
  assert.equal(await page.locator(".who span").innerText(), username);
});

test("by a code by email", async (t) => {
  const { page } = await visit(t);
  const { username, email } = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, username);
  await page.getByRole("button", { name: "Get a code by email" }).click();
  await expectHeading(page, "Enter the code");
  assert.match(await page.locator("main").innerText(), /We sent a code to u\*+@e\*+\./);
  await page.getByLabel("Code").fill(await code(email));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expectHeading(page, "Your account");
});

test("a wrong code says so, and the right one still signs in", async (t) => {
  const { page } = await visit(t);
  const { username, email } = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, username);
  await page.getByRole("button", { name: "Get a code by email" }).click();
  const right = await code(email);
  await page.getByLabel("Code").fill(right === "12345678" ? "87654321" : "12345678");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.equal(await problem(page), "This code isn’t right. Check it, or ask for a new one.");
  await page.getByLabel("Code").fill(right);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expectHeading(page, "Your account");
});

test("the page that waits for a code leads a developer to the inbox, which shows it", async (t) => {
  const { context, page } = await visit(t);
  const { username, email } = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, username);
  await page.getByRole("button", { name: "Get a code by email" }).click();
  const sent = await code(email);
  const opened = context.waitForEvent("page");
  await page.getByRole("link", { name: "Open the development inbox" }).click();
  const inbox = await opened;
  await expectHeading(inbox, "Development inbox");
  const message = inbox.locator("article", { hasText: email }).first();
  assert.match(await message.innerText(), new RegExp(sent));
});

test("each way leads to the others", async (t) => {
  const { page, authenticator } = await visit(t, { present: false });
  const person = await newPerson();
  await signIn(page, person);
  await addPasskey(page, authenticator);
  await authenticator.present(false);
  await signOut(page);
  await giveName(page, person.username);
  await expectHeading(page, "Sign in with your passkey");
  assert.deepEqual(await otherWays(page), ["Use your password", "Get a code by email"]);
  await page.getByRole("button", { name: "Use your password" }).click();
  await expectHeading(page, "Enter your password");
  assert.deepEqual(await otherWays(page), ["Get a code by email", "Use a passkey"]);
  await page.getByRole("button", { name: "Get a code by email" }).click();
  await expectHeading(page, "Enter the code");
  assert.deepEqual(await otherWays(page), ["Use your password", "Use a passkey"]);
  await authenticator.present(true);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await expectHeading(page, "Your account");
});

test("who does not use the passkey is told what else there is", async (t) => {
  const { page, authenticator } = await visit(t, { present: false });
  const person = await newPerson();
  await signIn(page, person);
  await addPasskey(page, authenticator);
  await authenticator.present(false);
  await signOut(page);
  await page.evaluate(() => {
    // The person closes the browser's window.
    sessionStorage.setItem("refuses", "yes");
  });
  await page.addInitScript(() => {
    if (!sessionStorage.getItem("refuses")) return;
    navigator.credentials.get = async () => {
      throw new DOMException("The operation was not allowed", "NotAllowedError");
    };
  });
  await giveName(page, person.username);
  await expectHeading(page, "Sign in with your passkey");
  await page.locator(".notice.problem:visible").waitFor();
  assert.equal(await problem(page), "We couldn’t sign you in with a passkey. Try again, or sign in another way.");
  await page.evaluate(() => sessionStorage.clear());
  await page.getByRole("button", { name: "Use your password" }).click();
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Your account");
});

test("a wrong password says so, and the right one still signs in", async (t) => {
  const { page } = await visit(t);
  const { username } = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, username);
  await givePassword(page, "Wr0ng-password");
  assert.equal(await problem(page), WRONG);
  assert.match(await page.title(), /^Problem: Enter your password – /);
  const password = page.getByLabel("Password", { exact: true });
  assert.equal(await password.getAttribute("aria-describedby"), "problem");
  assert.equal(await password.inputValue(), "");
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Your account");
});

test("after a wrong password the other ways are still there", async (t) => {
  const { page } = await visit(t);
  const { username, email } = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, username);
  await givePassword(page, "Wr0ng-password");
  assert.equal(await problem(page), WRONG);
  assert.deepEqual(await otherWays(page), ["Get a code by email"]);
  await page.getByRole("button", { name: "Get a code by email" }).click();
  await page.getByLabel("Code").fill(await code(email));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expectHeading(page, "Your account");
});

test("a password is shown to who wants to see it", async (t) => {
  const { page } = await visit(t);
  await page.goto(accountUrl());
  await giveName(page, (await newPerson()).username);
  const password = page.getByLabel("Password", { exact: true });
  await password.fill(PASSWORD);
  assert.equal(await password.getAttribute("type"), "password");
  await page.getByLabel("Show password").check();
  assert.equal(await password.getAttribute("type"), "text");
  await page.getByLabel("Show password").uncheck();
  assert.equal(await password.getAttribute("type"), "password");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expectHeading(page, "Your account");
});

test("not you? leads back to the name", async (t) => {
  const { page } = await visit(t);
  const { username } = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, username);
  await page.getByRole("link", { name: "Not you?" }).click();
  await expectHeading(page, "Sign in");
});

/** What a page says and offers, without what is a person's own. */
async function said(page, username) {
  const text = await page.locator("main").innerText();
  const own = { fields: await page.locator("main input:not([type=hidden])").count(), title: await page.title() };
  return { ...own, text: text.replaceAll(username, "NAME").replace(/\S\*+@\S\*+/, "ADDRESS") };
}

/** The pages of a sign-in by password that fails, then of one by a code that fails. */
async function failedSignIn(page, username) {
  const pages = [];
  await page.goto(accountUrl());
  await giveName(page, username);
  await page.locator(".who").waitFor();
  pages.push(await said(page, username));
  if ((await heading(page)) !== "Enter your password") await page.getByRole("button", { name: "Use your password" }).click();
  await expectHeading(page, "Enter your password");
  pages.push(await said(page, username));
  await givePassword(page, "Wr0ng-password");
  await page.locator("#problem").waitFor();
  pages.push(await said(page, username));
  await page.getByRole("link", { name: "Not you?" }).click();
  await giveName(page, username);
  await page.getByRole("button", { name: "Get a code by email" }).click();
  await expectHeading(page, "Enter the code");
  pages.push(await said(page, username));
  await page.getByLabel("Code").fill("12345678");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.locator("#problem").waitFor();
  pages.push(await said(page, username));
  return pages;
}

/** The same of a name that nobody has. Each such name has ways to sign in of its own, for good: one with the known person's. */
async function unknownSignIn(page, known) {
  for (let n = 0; n < 60; n++) {
    const { username } = newName();
    await page.goto(accountUrl());
    await giveName(page, username);
    await page.locator(".who").waitFor();
    if (isDeepStrictEqual(await said(page, username), known[0])) return failedSignIn(page, username);
  }
  return assert.fail(`no unknown person sees what a known one sees: ${JSON.stringify(known[0])}`);
}

test("an unknown person sees the same as a known one without a passkey", async (t) => {
  const { page } = await visit(t, { present: false });
  const { username } = await newPerson();
  const known = await failedSignIn(page, username);
  assert.equal(known[2].text.includes(WRONG), true);
  assert.deepEqual(await unknownSignIn(page, known), known);
});

test("an unknown person sees the same as a known one with a passkey", async (t) => {
  const { page, authenticator } = await visit(t, { present: false });
  const person = await newPerson();
  await signIn(page, person);
  await addPasskey(page, authenticator);
  await authenticator.present(false);
  await signOut(page);
  const known = await failedSignIn(page, person.username);
  assert.deepEqual(await unknownSignIn(page, known), known);
});

test("a disabled person is told so, once they proved who they are", async (t) => {
  const { page } = await visit(t);
  const { username } = await newPerson();
  await api.adminDisableUser({ UserPoolId: POOL, Username: username });
  await page.goto(accountUrl());
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  assert.equal(await problem(page), "This account is disabled. Contact the people who run this application.");
});

test("who signed up and did not confirm gets a new code after the password", async (t) => {
  const { page } = await visit(t);
  const { username, email } = newName();
  const UserAttributes = [{ Name: "email", Value: email }];
  await api.signUp({ ClientId: CLIENT, Username: username, Password: PASSWORD, UserAttributes });
  await page.goto(accountUrl());
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Confirm your account");
  await page.getByLabel("Code").fill(await code(email, 2));
  await page.getByRole("button", { name: "Confirm" }).click();
  await expectHeading(page, "Sign in faster next time?");
});

test("where a second factor is asked of everybody, who confirmed a sign-up signs in", async (t) => {
  const { client } = await withApp("ON");
  const { page } = await visit(t);
  const { username, email } = newName();
  await page.goto(accountUrl({ client }));
  await signUp(page, { username, email });
  await expectHeading(page, "Sign in");
  assert.equal(await good(page), "Your account is confirmed. You can sign in now.");
  assert.equal(await page.getByLabel("Username").inputValue(), username);
});

test("a sign-up that cannot be says why, and keeps what was typed", async (t) => {
  const { page } = await visit(t);
  const { username, email } = newName();
  const taken = await newPerson();
  await page.goto(accountUrl());
  await page.getByRole("link", { name: "Create an account" }).click();
  await fillSignUp(page, { username, email, password: "weak" });
  assert.equal(
    await problem(page),
    "Choose a stronger password. At least 8 characters, an uppercase letter, a lowercase letter, a number, a symbol.",
  );
  assert.equal(await page.getByLabel("Username").inputValue(), username);
  assert.equal(await page.getByLabel("Email address").inputValue(), email);
  await fillSignUp(page, { username: taken.username, email });
  assert.equal(await problem(page), "This username is taken. Choose another one, or sign in.");
});

test("another code for a sign-up replaces the first", async (t) => {
  const { page } = await visit(t);
  const { username, email } = newName();
  await page.goto(accountUrl());
  await page.getByRole("link", { name: "Create an account" }).click();
  await fillSignUp(page, { username, email });
  await expectHeading(page, "Confirm your account");
  await page.getByRole("button", { name: "Send a new code" }).click();
  await page.getByLabel("Code").fill(await code(email, 2));
  await page.getByRole("button", { name: "Confirm" }).click();
  await expectHeading(page, "Sign in faster next time?");
  await page.getByRole("button", { name: "Not now" }).click();
  await expectHeading(page, "Your account");
});

test("a forgotten password is replaced by a new one, with a code", async (t) => {
  const { page } = await visit(t);
  const { username, email } = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, username);
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await expectHeading(page, "Reset your password");
  await page.getByLabel("Username or email address").fill(username);
  await page.getByRole("button", { name: "Send a code" }).click();
  await expectHeading(page, "Choose a new password");
  const sent = await code(email);
  await page.getByLabel("Code").fill(sent === "123456" ? "654321" : "123456");
  await page.getByLabel("New password").fill("N3w-Passw0rd");
  await page.getByRole("button", { name: "Save password" }).click();
  assert.equal(await problem(page), "This code isn’t right. Check it, or ask for a new one.");
  await page.getByLabel("Code").fill(sent);
  await page.getByLabel("New password").fill("N3w-Passw0rd");
  await page.getByRole("button", { name: "Save password" }).click();
  await expectHeading(page, "Sign in");
  assert.equal(await good(page), "Your new password is saved. Use it to sign in.");
  assert.equal(await page.getByLabel("Username or email address").inputValue(), username);
  await page.getByRole("button", { name: "Next" }).click();
  await givePassword(page, PASSWORD);
  assert.equal(await problem(page), WRONG);
  await givePassword(page, "N3w-Passw0rd");
  await expectHeading(page, "Your account");
});

test("who forgot the password needs not type the name again", async (t) => {
  const { page } = await visit(t);
  const { username } = await newPerson();
  await page.goto(accountUrl());
  await giveName(page, username);
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  assert.equal(await page.getByLabel("Username or email address").inputValue(), username);
});

test("of a forgotten password an unknown person sees the same as a known one", async (t) => {
  const { page } = await visit(t);
  const pages = async (username) => {
    await page.goto(accountUrl());
    await giveName(page, username);
    await page.goto(page.url().replace("/login", "/forgot"));
    await page.getByLabel("Username or email address").fill(username);
    await page.getByRole("button", { name: "Send a code" }).click();
    await expectHeading(page, "Choose a new password");
    const asked = await said(page, username);
    await page.getByLabel("Code").fill("12345678");
    await page.getByLabel("New password").fill("N3w-Passw0rd");
    await page.getByRole("button", { name: "Save password" }).click();
    await page.locator("#problem").waitFor();
    return [asked, await said(page, username)];
  };
  assert.deepEqual(await pages(newName().username), await pages((await newPerson()).username));
});

test("who got a password from an operator chooses one of their own", async (t) => {
  const { page } = await visit(t);
  const { username, email } = newName();
  await api.adminCreateUser({
    UserPoolId: POOL,
    Username: username,
    UserAttributes: [{ Name: "email", Value: email }, { Name: "email_verified", Value: "true" }],
    TemporaryPassword: PASSWORD,
    MessageAction: "SUPPRESS",
  });
  await page.goto(accountUrl());
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Choose a new password");
  await page.getByLabel("New password").fill("weak");
  await page.getByRole("button", { name: "Next" }).click();
  assert.match(await problem(page), /^Choose a stronger password\. At least 8 characters/);
  await page.getByLabel("New password").fill("N3w-Passw0rd");
  await page.getByRole("button", { name: "Next" }).click();
  await expectHeading(page, "Your account");
  await signOut(page);
  await giveName(page, username);
  await givePassword(page, "N3w-Passw0rd");
  await expectHeading(page, "Your account");
});

test("who has to reset the password is sent to do so", async (t) => {
  const { page } = await visit(t);
  const { username } = await newPerson();
  await api.adminResetUserPassword({ UserPoolId: POOL, Username: username });
  await page.goto(accountUrl());
  await giveName(page, username);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Reset your password");
  assert.equal(await problem(page), "You need a new password before you can sign in.");
  assert.equal(await page.getByLabel("Username or email address").inputValue(), username);
});

/** A pool where an authenticator app is asked for: `ON` of everybody, `OPTIONAL` of who wants it. */
const withApp = (mode) =>
  newPool({
    mfa: {
      MfaConfiguration: mode,
      SoftwareTokenMfaConfiguration: { Enabled: true },
      WebAuthnConfiguration: {
        RelyingPartyId: "localhost",
        UserVerification: "required",
        FactorConfiguration: "MULTI_FACTOR_WITH_USER_VERIFICATION",
      },
    },
  });

/** Follows the page that sets an authenticator app up; resolves to the app's key. */
async function setUpApp(page) {
  await expectHeading(page, "Set up an authenticator app");
  const picture = page.getByRole("img", { name: "QR code with the key for your authenticator app" });
  const box = await picture.boundingBox();
  assert.ok(box.width >= 150 && box.height >= 150, `the picture is ${box.width} x ${box.height}`);
  const secret = (await page.locator(".secret code").innerText()).trim();
  assert.match(secret, /^[A-Z2-7]{32,}$/);
  await page.getByLabel("Code from the app").fill(totp(secret));
  await page.getByRole("button", { name: "Next" }).click();
  return secret;
}

test("where a second factor is asked of everybody: the app is set up, then asked", async (t) => {
  const { pool, client } = await withApp("ON");
  const { page } = await visit(t);
  const person = await newPerson({ pool });
  await page.goto(accountUrl({ client }));
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  const secret = await setUpApp(page);
  await expectHeading(page, "Your account");
  await signOut(page);
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Enter the code");
  assert.match(await page.locator("main").innerText(), /Enter the 6-digit code from your authenticator app\./);
  const send = async (text) => {
    await page.getByLabel("Code").fill(text);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
  };
  await send(totp(secret, 1000));
  assert.equal(await problem(page), "This code isn’t right. Check it, or ask for a new one.");
  await send(totp(secret, 1));
  await expectHeading(page, "Your account");
});

test("where a second factor is asked of everybody, a passkey that was added here is both", async (t) => {
  const { pool, client } = await withApp("ON");
  const { page, authenticator } = await visit(t, { present: false });
  const person = await newPerson({ pool });
  await page.goto(accountUrl({ client }));
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await setUpApp(page);
  await expectHeading(page, "Your account");
  await addPasskey(page, authenticator);
  await authenticator.present(false);
  await signOut(page);
  await giveName(page, person.username);
  await page.locator(".who").waitFor();
  assert.equal(await heading(page), "Sign in with your passkey");
});

test("where a second factor is asked of everybody, a passkey is both for whom an operator says so", async (t) => {
  const { pool, client } = await withApp("ON");
  const { page, authenticator } = await visit(t, { present: false });
  const person = await newPerson({ pool });
  await page.goto(accountUrl({ client }));
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await setUpApp(page);
  await expectHeading(page, "Your account");
  await addPasskey(page, authenticator);
  const WebAuthnMfaSettings = { Enabled: true };
  await api.adminSetUserMFAPreference({ UserPoolId: pool, Username: person.username, WebAuthnMfaSettings });
  await signOut(page);
  await expectHeading(page, "Your account");
});

test("a code of the app is good for one sign-in", async (t) => {
  const { pool, client } = await withApp("ON");
  const { page } = await visit(t);
  const person = await newPerson({ pool });
  await page.goto(accountUrl({ client }));
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Set up an authenticator app");
  const secret = (await page.locator(".secret code").innerText()).trim();
  const used = totp(secret);
  await page.getByLabel("Code from the app").fill(used);
  await page.getByRole("button", { name: "Next" }).click();
  await expectHeading(page, "Your account");
  await signOut(page);
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await page.getByLabel("Code").fill(used);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  assert.equal(await problem(page), "This code has already been used. Wait for the next one.");
});

test("a wrong first code of the app says so, and the key stays", async (t) => {
  const { pool, client } = await withApp("ON");
  const { page } = await visit(t);
  const person = await newPerson({ pool });
  await page.goto(accountUrl({ client }));
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Set up an authenticator app");
  const secret = (await page.locator(".secret code").innerText()).trim();
  await page.getByLabel("Code from the app").fill(totp(secret, 1000));
  await page.getByRole("button", { name: "Next" }).click();
  assert.equal(await problem(page), "This code isn’t right. Enter the one that the app shows now.");
  assert.equal((await page.locator(".secret code").innerText()).trim(), secret);
  await setUpApp(page);
  await expectHeading(page, "Your account");
});

test("where a second factor is everybody's choice: switched on at the account page, asked, switched off", async (t) => {
  const { pool, client } = await withApp("OPTIONAL");
  const { page } = await visit(t);
  const person = await newPerson({ pool });
  await signIn(page, person, { client });
  const section = page.locator("section[aria-labelledby=mfa]");
  assert.match(await section.locator("h3").innerText(), /^Authenticator app\s+off$/);
  await section.getByRole("button", { name: "Turn on" }).click();
  const secret = await setUpApp(page);
  await expectHeading(page, "Your account");
  assert.equal(await good(page), "Two-step verification is on.");
  assert.match(await section.locator("h3").innerText(), /^Authenticator app\s+on$/);
  await signOut(page);
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await page.getByLabel("Code").fill(totp(secret, 1));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expectHeading(page, "Your account");
  await section.getByRole("button", { name: "Turn off" }).click();
  assert.equal(await good(page), "That method is off now.");
  await signOut(page);
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Your account");
});

test("who has two second factors chooses one", async (t) => {
  const { pool, client } = await newPool({
    settings: {
      EmailConfiguration: {
        EmailSendingAccount: "DEVELOPER",
        SourceArn: "arn:aws:ses:us-east-1:123456789012:identity/no-reply@example.com",
      },
      AccountRecoverySetting: { RecoveryMechanisms: [{ Name: "admin_only", Priority: 1 }] },
    },
    mfa: {
      MfaConfiguration: "OPTIONAL",
      SoftwareTokenMfaConfiguration: { Enabled: true },
      EmailMfaConfiguration: { Message: "Your code is {####}", Subject: "Your code" },
    },
  });
  const { page } = await visit(t);
  const person = await newPerson({ pool });
  await signIn(page, person, { client });
  const row = (name) => page.locator("section[aria-labelledby=mfa] li", { hasText: name });
  await row("Authenticator app").getByRole("button", { name: "Turn on" }).click();
  await setUpApp(page);
  await expectHeading(page, "Your account");
  await api.adminSetUserMFAPreference({
    UserPoolId: pool,
    Username: person.username,
    SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: false },
    EmailMfaSettings: { Enabled: true, PreferredMfa: false },
  });
  await signOut(page);
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Choose how to sign in");
  const buttons = await page.locator("main button").allInnerTexts();
  assert.deepEqual(buttons.toSorted(), ["Get a code by email", "Use a code from your authenticator app"]);
  await page.getByRole("button", { name: "Get a code by email" }).click();
  await page.getByLabel("Code").fill(await code(person.email));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expectHeading(page, "Your account");
});

test("who has no password signs in with a code", async (t) => {
  const settings = { Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"] } } };
  const { client } = await newPool({ settings });
  const { page } = await visit(t);
  const { username, email } = newName();
  await page.goto(accountUrl({ client }));
  await signUp(page, { username, email, password: "" });
  await page.getByRole("button", { name: "Not now" }).click();
  await expectHeading(page, "Your account");
  assert.match(await page.locator("section[aria-labelledby=profile]").innerText(), /You don’t have a password yet\./);
  await signOut(page);
  await giveName(page, username);
  // There is nothing to choose, and another code where the first did not come.
  await page.getByRole("button", { name: "Send a new code" }).click();
  await page.getByLabel("Code").fill(await code(email, 3));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expectHeading(page, "Your account");
});

test("a form that another browser got is not accepted", async (t) => {
  const { context, page } = await visit(t);
  const { username } = await newPerson();
  await page.goto(accountUrl());
  await context.clearCookies();
  await giveName(page, username);
  assert.equal(await problem(page), "This page was open for too long, or your browser blocks cookies. Please try again.");
  await giveName(page, username);
  await expectHeading(page, "Enter your password");
});
