// A passkey's life on Keystead's pages: made, listed, used without a name, renamed, deleted, and not accepted any more.

import assert from "node:assert/strict";
import { after, test } from "node:test";

import {
  Authenticator,
  POOL,
  accountUrl,
  addPasskey,
  api,
  base64url,
  close,
  expectHeading,
  good,
  heading,
  keystead,
  newName,
  newPerson,
  newPool,
  problem,
  signIn,
  signOut,
  signUp,
  suggestNothing,
  visit,
} from "./support.mjs";

after(close);

/** Opens the page that asks before a passkey is deleted. */
const askToDelete = (page, name = "Passkey") => page.getByRole("button", { name: `Delete ${name}`, exact: true }).click();

/** Deletes the person's passkey, confirmation and all. */
async function deletePasskey(page, name) {
  await askToDelete(page, name);
  await page.getByRole("button", { name: "Delete passkey" }).click();
}

test("the whole life: sign up, add, sign out, sign in without a name, rename, delete", async (t) => {
  const { page, told, authenticator } = await visit(t);
  const { username, email } = newName();

  await page.goto(accountUrl());
  assert.equal(await heading(page), "Sign in");
  await signUp(page, { username, email });

  await expectHeading(page, "Sign in faster next time?");
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await expectHeading(page, "Your account");
  assert.equal(await good(page), "Your passkey was added.");
  const [passkey] = await authenticator.passkeys();
  assert.equal(passkey.rpId, "localhost");
  assert.equal(passkey.userName, username);
  assert.equal(passkey.isResidentCredential, true);
  const today = new Intl.DateTimeFormat("en", { dateStyle: "medium" }).format(new Date());
  assert.deepEqual(await page.locator("section[aria-labelledby=passkeys] li h3").allInnerTexts(), ["Passkey"]);
  const facts = page.locator("section[aria-labelledby=passkeys] .facts span");
  const made = ["Built into a device", "Only on one device"];
  assert.deepEqual(await facts.allInnerTexts(), [...made, "Never used", `Added ${today}`]);
  assert.deepEqual(await told.last("signalAllAcceptedCredentials"), {
    rpId: "localhost",
    userId: base64url(passkey.userHandle),
    allAcceptedCredentialIds: [base64url(passkey.credentialId)],
  });

  // The passkey is among the suggestions of the name's field, and the authenticator's user takes it at once.
  const used = authenticator.next("credentialAsserted");
  await signOut(page);
  await expectHeading(page, "Your account");
  assert.equal((await used).credential.credentialId, passkey.credentialId);
  assert.equal(await page.locator(".who span").innerText(), username);
  assert.deepEqual(await facts.allInnerTexts(), [...made, `Added ${today}`, `Last used ${today}`]);

  await page.getByLabel("Rename Passkey").click();
  await page.getByLabel("New name").fill("My laptop");
  await page.locator("button[value=rename]").click();
  assert.equal(await good(page), "The passkey was renamed.");
  assert.deepEqual(await page.locator("section[aria-labelledby=passkeys] li h3").allInnerTexts(), ["My laptop"]);

  await askToDelete(page, "My laptop");
  assert.equal(await heading(page), "Delete “My laptop”?");
  assert.match(await page.locator("main").innerText(), /This is your only passkey\./);
  assert.equal((await authenticator.passkeys()).length, 1);
  told.forget();
  const deleted = authenticator.next("credentialDeleted");
  await page.getByRole("button", { name: "Delete passkey" }).click();
  assert.equal(await good(page), "The passkey was deleted.");
  assert.match(await page.locator("section[aria-labelledby=passkeys]").innerText(), /You don’t have a passkey yet\./);
  assert.deepEqual(await told.last("signalUnknownCredential"), {
    rpId: "localhost",
    credentialId: base64url(passkey.credentialId),
  });
  assert.deepEqual(await told.last("signalAllAcceptedCredentials"), {
    rpId: "localhost",
    userId: base64url(passkey.userHandle),
    allAcceptedCredentialIds: [],
  });
  assert.equal((await deleted).credentialId, passkey.credentialId);
  assert.deepEqual(await authenticator.passkeys(), []);
});

test("a deleted passkey does not sign in, and the browser is told to forget it", async (t) => {
  const { page, told, authenticator } = await visit(t);
  await signIn(page, await newPerson());
  await addPasskey(page, authenticator);
  const [passkey] = await authenticator.passkeys();
  const gone = authenticator.next("credentialDeleted");
  await deletePasskey(page);
  await gone;
  told.forget();

  // As a passkey manager that did not listen would offer it.
  await authenticator.put(passkey);
  const goneAgain = authenticator.next("credentialDeleted");
  await signOut(page);
  await page.locator("#problem").waitFor();
  assert.equal(await problem(page), "This passkey isn’t registered here anymore. Sign in another way.");
  assert.equal(await heading(page), "Sign in");
  assert.deepEqual(await told.last("signalUnknownCredential"), {
    rpId: "localhost",
    credentialId: base64url(passkey.credentialId),
  });
  assert.equal((await goneAgain).credentialId, passkey.credentialId);
  assert.deepEqual(await authenticator.passkeys(), []);
  await page.goto(accountUrl());
  assert.equal(await heading(page), "Sign in", "nobody is signed in");
});

test("a browser that suggests no passkeys has the button, and the person types no name", async (t) => {
  const browser = await visit(t);
  const { page, authenticator } = browser;
  await suggestNothing(browser);
  const person = await newPerson();
  await signIn(page, person);
  await addPasskey(page, authenticator);
  await signOut(page);
  await expectHeading(page, "Sign in");
  await page.getByRole("button", { name: "Sign in with a passkey" }).click();
  await expectHeading(page, "Your account");
  assert.equal(await page.locator(".who span").innerText(), person.username);
});

test("a passkey that was deleted in another browser is not offered any more after the next visit", async (t) => {
  const { page, authenticator } = await visit(t);
  const person = await newPerson();
  await signIn(page, person);
  const passkey = await addPasskey(page, authenticator);

  const other = await visit(t);
  await signIn(other.page, person);
  await deletePasskey(other.page);
  await other.page.getByText("The passkey was deleted.").waitFor();

  const gone = authenticator.next("credentialDeleted");
  await page.reload();
  assert.equal((await gone).credentialId, passkey.credentialId);
});

test("a passkey that an operator deleted does not sign in, and the browser is told to forget it", async (t) => {
  const { page, told, authenticator } = await visit(t);
  const person = await newPerson();
  await signIn(page, person);
  const passkey = await addPasskey(page, authenticator);
  const credentialId = base64url(passkey.credentialId);
  await keystead("AdminDeleteWebAuthnCredential", {
    UserPoolId: POOL,
    Username: person.username,
    CredentialId: credentialId,
  });
  const gone = authenticator.next("credentialDeleted");
  await signOut(page);
  await page.locator("#problem").waitFor();
  assert.equal(await problem(page), "This passkey isn’t registered here anymore. Sign in another way.");
  assert.deepEqual(await told.last("signalUnknownCredential"), { rpId: "localhost", credentialId });
  assert.equal((await gone).credentialId, passkey.credentialId);
});

test("of several passkeys the others are kept", async (t) => {
  const { page, told, authenticator } = await visit(t);
  await signIn(page, await newPerson());
  const first = await addPasskey(page, authenticator);
  await page.getByLabel("Rename Passkey").click();
  await page.getByLabel("New name").fill("The first");
  await page.locator("button[value=rename]").click();
  // An authenticator makes one passkey for an account; the next one is another authenticator's.
  const second = await Authenticator.of(page, { transport: "usb" });
  await authenticator.present(false);
  const kept = await addPasskey(page, second);
  told.forget();
  await deletePasskey(page, "The first");
  const { allAcceptedCredentialIds } = await told.last("signalAllAcceptedCredentials");
  assert.deepEqual(allAcceptedCredentialIds, [base64url(kept.credentialId)]);
  assert.deepEqual(told.of("signalUnknownCredential"), [
    { rpId: "localhost", credentialId: base64url(first.credentialId) },
  ]);
  assert.equal((await second.passkeys()).length, 1);
});

test("the device that has a passkey already says so", async (t) => {
  const { page, authenticator } = await visit(t);
  await signIn(page, await newPerson());
  await addPasskey(page, authenticator);
  await page.getByRole("link", { name: "Add a passkey" }).click();
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.locator(".notice.problem:visible").waitFor();
  assert.equal(await problem(page), "This device already has a passkey for your account.");
});

test("who cancels the deletion keeps the passkey", async (t) => {
  const { page, authenticator } = await visit(t);
  await signIn(page, await newPerson());
  await addPasskey(page, authenticator);
  await askToDelete(page);
  await page.getByRole("link", { name: "Cancel" }).click();
  await expectHeading(page, "Your account");
  assert.deepEqual(await page.locator("section[aria-labelledby=passkeys] li h3").allInnerTexts(), ["Passkey"]);
  assert.equal((await authenticator.passkeys()).length, 1);
});

test("where the deletion ends all sessions, the browser is told by the sign-in page", async (t) => {
  const { pool, client } = await newPool({ policy: { SessionsOnDelete: "END_ALL" } });
  const { page, told, authenticator } = await visit(t);
  await signIn(page, await newPerson({ pool }), { client });
  const passkey = await addPasskey(page, authenticator);
  await authenticator.present(false);
  await askToDelete(page);
  assert.match(await page.locator("main").innerText(), /You’ll be signed out everywhere, including here\./);
  await page.getByRole("button", { name: "Delete passkey" }).click();
  await expectHeading(page, "Sign in");
  assert.deepEqual(await told.last("signalUnknownCredential"), {
    rpId: "localhost",
    credentialId: base64url(passkey.credentialId),
  });
});

test("the last way to sign in cannot be deleted, where the pool says so", async (t) => {
  const factors = (...names) => ({ Policies: { SignInPolicy: { AllowedFirstAuthFactors: names } } });
  const { pool, client } = await newPool({
    settings: factors("PASSWORD", "WEB_AUTHN", "EMAIL_OTP"),
    policy: { KeepLastFactor: true },
  });
  const { page, authenticator } = await visit(t);
  const { username, email } = newName();
  await page.goto(accountUrl({ client }));
  await signUp(page, { username, email, password: "" });
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("Your passkey was added.").waitFor();
  await api.updateUserPool({ UserPoolId: pool, ...factors("PASSWORD", "WEB_AUTHN") });
  await askToDelete(page);
  assert.equal(
    await problem(page),
    "This is the last way to sign in to your account. Add another passkey or set a password first.",
  );
  assert.equal((await authenticator.passkeys()).length, 1);
});

test("who has as many passkeys as the pool allows is told so", async (t) => {
  const { pool, client } = await newPool({ policy: { MaximumPasskeys: 1 } });
  const { page, authenticator } = await visit(t);
  await signIn(page, await newPerson({ pool }), { client });
  await addPasskey(page, authenticator);
  const said = "You’ve reached the maximum number of passkeys. Delete one first.";
  await page.getByText(said).waitFor();
  assert.equal(await page.getByRole("link", { name: "Add a passkey" }).count(), 0);
  // Another tab may be at it already.
  await Authenticator.of(page, { transport: "usb" });
  await authenticator.present(false);
  await page.goto(accountUrl({ client }).replace("/account", "/passkeys/add"));
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.locator(".notice.problem:visible").waitFor();
  assert.equal(await problem(page), said);
});

test("where the pool says so, the browser is told what the person is called", async (t) => {
  const { pool, client } = await newPool({ policy: { SignalUserDetails: true } });
  const { page, told, authenticator } = await visit(t);
  const person = await newPerson({ pool });
  await signIn(page, person, { client });
  const passkey = await addPasskey(page, authenticator);
  assert.deepEqual(await told.last("signalCurrentUserDetails"), {
    rpId: "localhost",
    userId: base64url(passkey.userHandle),
    name: person.username,
    displayName: person.username,
  });
});
