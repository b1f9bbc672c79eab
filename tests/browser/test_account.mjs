// The account page: address, password, sessions, leaving.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import {
  BASE,
  CLIENT,
  PASSWORD,
  POOL,
  accountUrl,
  addPasskey,
  api,
  call,
  close,
  code,
  expectHeading,
  giveName,
  givePassword,
  good,
  heading,
  newName,
  newPerson,
  newPool,
  problem,
  signIn,
  signOut,
  visit,
} from "./support.mjs";

after(close);

const sessions = (page) => page.locator("section[aria-labelledby=sessions] li");

/** Whether the browser is still signed in, as a new visit to the account page shows. */
async function isSignedIn(page) {
  await page.goto(accountUrl());
  return (await heading(page)) === "Your account";
}

/** Enters another email address. */
async function changeEmail(page, email) {
  await page.getByRole("link", { name: "Change your email address" }).click();
  await page.getByLabel("Email address").fill(email);
  await page.getByRole("button", { name: "Save" }).click();
}

/** The email address that the page shows. */
const email = (page) => page.locator("#email bdi").innerText();

test("a new email address counts once its code is entered", async (t) => {
  const { page } = await visit(t);
  const person = await newPerson();
  const { email: next } = newName();
  await signIn(page, person);
  await changeEmail(page, next);
  await expectHeading(page, "Enter the code");
  const sent = await code(next);
  await page.getByLabel("Code").fill(sent === "123456" ? "654321" : "123456");
  await page.getByRole("button", { name: "Confirm" }).click();
  assert.equal(await problem(page), "This code isn’t right. Check it, or ask for a new one.");
  await page.getByLabel("Code").fill(sent);
  await page.getByRole("button", { name: "Confirm" }).click();
  assert.equal(await good(page), "Your email address is verified.");
  assert.equal(await email(page), next);
  const { UserAttributes } = await api.adminGetUser({ UserPoolId: POOL, Username: person.username });
  const of = (name) => UserAttributes.find((one) => one.Name === name)?.Value;
  assert.deepEqual([of("email"), of("email_verified")], [next, "true"]);
});

test("an address whose code was not entered does not take the place of the one before", async (t) => {
  const { page } = await visit(t);
  const person = await newPerson();
  await signIn(page, person);
  await changeEmail(page, newName().email);
  await page.getByRole("link", { name: "Back" }).click();
  await expectHeading(page, "Your account");
  assert.equal(await email(page), person.email);
  assert.doesNotMatch(await page.locator("#email").innerText(), /not verified/);
});

test("an address that is not verified yet can be", async (t) => {
  const { page } = await visit(t);
  const person = await newPerson();
  const { email } = newName();
  await api.adminUpdateUserAttributes({
    UserPoolId: POOL,
    Username: person.username,
    UserAttributes: [{ Name: "email", Value: email }],
  });
  await signIn(page, person);
  const label = page.locator("#email");
  assert.match(await label.innerText(), /not verified/);
  await page.getByRole("button", { name: "Verify this address" }).click();
  await page.getByLabel("Code").fill(await code(email, 2));
  await page.getByRole("button", { name: "Confirm" }).click();
  assert.equal(await good(page), "Your email address is verified.");
  assert.doesNotMatch(await label.innerText(), /not verified/);
});

test("an address that is another account's is refused", async (t) => {
  const { page } = await visit(t);
  const [person, other] = [await newPerson(), await newPerson()];
  await signIn(page, person);
  await changeEmail(page, other.email);
  await page.getByLabel("Code").fill(await code(other.email));
  await page.getByRole("button", { name: "Confirm" }).click();
  assert.equal(await problem(page), "Another account uses this email address or phone number. Enter a different one.");
});

/** Fills the form that changes the password. */
async function changePassword(page, old, next) {
  // Open already, where something was wrong with what it sent.
  const field = page.getByLabel("Current password");
  if (!(await field.isVisible())) await page.getByText("Change password").click();
  await field.fill(old);
  await page.getByLabel("New password").fill(next);
  await page.getByRole("button", { name: "Save password" }).click();
}

test("a changed password signs in, the one before does not", async (t) => {
  const { page } = await visit(t);
  const person = await newPerson();
  await signIn(page, person);
  await changePassword(page, PASSWORD, "N3w-Passw0rd");
  assert.equal(await good(page), "Your password was changed.");
  await signOut(page);
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await page.locator("#problem").waitFor();
  await givePassword(page, "N3w-Passw0rd");
  await expectHeading(page, "Your account");
});

test("a password is changed by who knows the present one only", async (t) => {
  const { page } = await visit(t);
  const person = await newPerson();
  await signIn(page, person);
  await changePassword(page, "Wr0ng-password", "N3w-Passw0rd");
  assert.equal(await problem(page), "Your current password isn’t right. Try again.");
  assert.ok(await page.getByLabel("Current password").isVisible());
  await changePassword(page, PASSWORD, "weak");
  assert.match(await problem(page), /^Choose a stronger password\. At least 8 characters/);
  await signOut(page);
  await giveName(page, person.username);
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Your account");
});

test("signing out everywhere else ends another browser and an application, and not this one", async (t) => {
  const [{ page }, other] = [await visit(t), await visit(t)];
  const person = await newPerson();
  await signIn(other.page, person);
  const { AuthenticationResult } = await api.initiateAuth({
    ClientId: CLIENT,
    AuthFlow: "USER_PASSWORD_AUTH",
    AuthParameters: { USERNAME: person.username, PASSWORD },
  });
  const { AccessToken } = AuthenticationResult;
  await signIn(page, person);
  assert.equal(await sessions(page).count(), 3);
  assert.deepEqual((await sessions(page).locator("h3").allInnerTexts()).toSorted(), [
    "Chrome on Linux",
    "Chrome on Linux this browser",
    "demo",
  ]);
  await page.getByRole("button", { name: "Sign out everywhere else" }).click();
  assert.equal(await good(page), "You’re signed out everywhere else.");
  assert.equal(await sessions(page).count(), 1);
  assert.equal(await isSignedIn(other.page), false);
  await assert.rejects(api.getUser({ AccessToken }), { name: "NotAuthorizedException" });
  assert.equal(await isSignedIn(page), true);
});

test("one session can be ended, and the others go on", async (t) => {
  const browsers = [await visit(t), await visit(t), await visit(t)];
  const person = await newPerson();
  for (const { page } of browsers) await signIn(page, person);
  const { page } = browsers[2];
  const ends = page.getByRole("button", { name: /^Sign out of Chrome on Linux, since [A-Z][a-z]{2} \d+, \d{4}, / });
  assert.equal(await ends.count(), 2);
  await ends.first().click();
  assert.equal(await good(page), "You’re signed out of that session.");
  assert.equal(await sessions(page).count(), 2);
  const signedIn = [await isSignedIn(browsers[0].page), await isSignedIn(browsers[1].page)];
  assert.deepEqual(signedIn.toSorted(), [false, true]);
  assert.equal(await isSignedIn(page), true);
});

test("signing out ends this browser's session", async (t) => {
  const { page } = await visit(t);
  await signIn(page, await newPerson());
  await signOut(page);
  await expectHeading(page, "Sign in");
  assert.equal(await good(page), "You’re signed out.");
  assert.equal(await isSignedIn(page), false);
});

test("a deleted account is gone, and the browser is told that no passkey of it is accepted", async (t) => {
  const { page, told, authenticator } = await visit(t);
  const person = await newPerson();
  await signIn(page, person);
  const passkey = await addPasskey(page, authenticator);
  await page.getByRole("button", { name: "Delete account" }).click();
  assert.equal(await heading(page), "Delete your account?");
  told.forget();
  const gone = authenticator.next("credentialDeleted");
  await page.getByRole("button", { name: "Yes, delete my account" }).click();
  await expectHeading(page, "Account deleted");
  const signal = await told.last("signalAllAcceptedCredentials");
  assert.deepEqual([signal.rpId, signal.allAcceptedCredentialIds], ["localhost", []]);
  assert.equal((await gone).credentialId, passkey.credentialId);
  await assert.rejects(api.adminGetUser({ UserPoolId: POOL, Username: person.username }), { name: "UserNotFoundException" });
  await page.getByRole("link", { name: "Back to sign-in" }).click();
  await giveName(page, person.username);
  await page.locator(".who").waitFor();
});

test("who cancels keeps the account", async (t) => {
  const { page } = await visit(t);
  const person = await newPerson();
  await signIn(page, person);
  await page.getByRole("button", { name: "Delete account" }).click();
  await page.getByRole("link", { name: "Cancel" }).click();
  await expectHeading(page, "Your account");
  await api.adminGetUser({ UserPoolId: POOL, Username: person.username });
});

test("the account page opens without a client in its address, for who is signed in", async (t) => {
  const { page } = await visit(t);
  await page.goto(`${BASE}/account`);
  assert.match(await page.locator("main").innerText(), /Open your account from the application that you use/);
  await signIn(page, await newPerson());
  await page.goto(`${BASE}/account`);
  assert.equal(await heading(page), "Your account");
});

test("a passkey that an application deleted meanwhile cannot be renamed: the page says why", async (t) => {
  const { page, authenticator } = await visit(t);
  const person = await newPerson();
  await signIn(page, person);
  const passkey = await addPasskey(page, authenticator);
  const { AuthenticationResult } = await api.initiateAuth({
    ClientId: CLIENT,
    AuthFlow: "USER_PASSWORD_AUTH",
    AuthParameters: { USERNAME: person.username, PASSWORD },
  });
  const { AccessToken } = AuthenticationResult;
  const CredentialId = Buffer.from(passkey.credentialId, "base64").toString("base64url");
  await call("KeysteadService.UpdateWebAuthnCredential", { AccessToken, CredentialId, FriendlyCredentialName: "Renamed" });
  await page.reload();
  await page.getByLabel("Rename Renamed").click();
  await api.deleteWebAuthnCredential({ AccessToken, CredentialId });
  const gone = authenticator.next("credentialDeleted");
  await page.locator("button[value=rename]").click();
  assert.equal(await problem(page), "This passkey doesn’t exist anymore.");
  assert.equal((await gone).credentialId, passkey.credentialId);
});

test("where a pool has no passkeys, the page does not speak of them", async (t) => {
  const settings = { Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", "EMAIL_OTP"] } } };
  const { pool, client } = await newPool({ settings });
  const { page } = await visit(t);
  await signIn(page, await newPerson({ pool }), { client });
  assert.equal(await page.getByRole("link", { name: "Add a passkey" }).count(), 0);
  assert.doesNotMatch(await page.locator("main").innerText(), /You don’t have a passkey yet\./);
});

test("where sign-ups are closed, there is no way to one", async (t) => {
  const { client } = await newPool({ settings: { AdminCreateUserConfig: { AllowAdminCreateUserOnly: true } } });
  const { page } = await visit(t);
  await page.goto(accountUrl({ client }));
  assert.equal(await page.getByRole("link", { name: "Create an account" }).count(), 0);
  await page.goto(page.url().replace("/login", "/signup"));
  assert.match(await page.locator("main").innerText(), /You can’t sign up here\. Ask the people who run this application for an account\./);
});

test("times are in the language of the page and in the time zone of the person, and do not break", async (t) => {
  const { page } = await visit(t, { timezoneId: "Asia/Tokyo", viewport: { width: 390, height: 844 } });
  await signIn(page, await newPerson());
  const time = page.locator("time[data-time=minute]").first();
  const at = new Date(await time.getAttribute("datetime"));
  for (const language of ["en", "de", "ja"]) {
    await page.goto(accountUrl({ lang: language }));
    const options = { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tokyo" };
    const plain = (text) => text.replace(/\s/gu, " ");
    assert.equal(plain(await time.innerText()), plain(new Intl.DateTimeFormat(language, options).format(at)));
    assert.equal(await time.evaluate((one) => one.getClientRects().length), 1);
  }
});

test("without JavaScript: times are in UTC and say so", async (t) => {
  const { page } = await visit(t, { javaScriptEnabled: false });
  await signIn(page, await newPerson());
  assert.match(await page.locator("time[data-time=minute]").first().innerText(), /^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
});

test("on a phone, renaming and deleting a passkey stand beside each other, and renaming can be cancelled", async (t) => {
  const { page, authenticator } = await visit(t, { viewport: { width: 390, height: 844 } });
  await signIn(page, await newPerson());
  await addPasskey(page, authenticator);
  const [rename, remove] = [page.getByLabel("Rename Passkey"), page.getByLabel("Delete Passkey")];
  const boxes = [await rename.boundingBox(), await remove.boundingBox()];
  assert.equal(boxes[0].y, boxes[1].y);
  await rename.click();
  await page.getByLabel("New name").fill("Another name");
  await page.getByRole("link", { name: "Cancel" }).click();
  await expectHeading(page, "Your account");
  assert.equal(await page.locator("section[aria-labelledby=passkeys] h3").innerText(), "Passkey");
});

test("the key for an authenticator app is copied whole", async (t) => {
  const mfa = { MfaConfiguration: "OPTIONAL", SoftwareTokenMfaConfiguration: { Enabled: true } };
  const { pool, client } = await newPool({ mfa });
  const { page, context } = await visit(t, { viewport: { width: 390, height: 844 } });
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signIn(page, await newPerson({ pool }), { client });
  await page.getByRole("button", { name: "Turn on" }).click();
  await expectHeading(page, "Set up an authenticator app");
  await page.getByRole("button", { name: "Copy the key" }).click();
  await page.getByText("Copied.").waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^[A-Z2-7]{32,}$/);
  assert.equal(copied, await page.locator("input[name=secret]").inputValue());
  const link = new URL(await page.getByRole("link", { name: "Open in your authenticator app" }).getAttribute("href"));
  assert.deepEqual([link.protocol, link.searchParams.get("secret")], ["otpauth:", copied]);
});
