// A walk through every page of Keystead's, for tests of how they look and for pictures of them.

import {
  BASE,
  CLIENT,
  PASSWORD,
  accountUrl,
  api,
  code,
  keystead,
  mail,
  newClient,
  newName,
  newPerson,
  newPool,
  totp,
} from "./support.mjs";

const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="#0b6e4f"/></svg>';

/** As wide as a name may be, without a place to break. */
const LONG_NAME = "W".repeat(64);

/** Pools in which there are other pages than in the first one. */
export async function pools() {
  const branded = await newPool({
    settings: { Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", "EMAIL_OTP"] } } },
    mfa: { MfaConfiguration: "OPTIONAL", SoftwareTokenMfaConfiguration: { Enabled: true } },
  });
  await keystead("SetUserPoolBranding", {
    UserPoolId: branded.pool,
    Branding: { DisplayName: LONG_NAME, Logo: Buffer.from(LOGO).toString("base64") },
  });
  const twoFactors = await newPool({
    settings: {
      EmailConfiguration: {
        EmailSendingAccount: "DEVELOPER",
        SourceArn: "arn:aws:ses:us-east-1:123456789012:identity/no-reply@example.com",
      },
      AccountRecoverySetting: { RecoveryMechanisms: [{ Name: "admin_only", Priority: 1 }] },
      Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD"] } },
    },
    mfa: {
      MfaConfiguration: "ON",
      SoftwareTokenMfaConfiguration: { Enabled: true },
      EmailMfaConfiguration: { Message: "Your code is {####}", Subject: "Your code" },
    },
  });
  const closed = await newPool({ settings: { AdminCreateUserConfig: { AllowAdminCreateUserOnly: true } } });
  const linked = await newPool({
    settings: { VerificationMessageTemplate: { DefaultEmailOption: "CONFIRM_WITH_LINK" } },
  });
  const required = (Name) => ({ Name, AttributeDataType: "String", Required: true, Mutable: true });
  const all = await newPool({
    settings: {
      Schema: ["name", "birthdate", "website", "zoneinfo"].map(required),
      AliasAttributes: ["email", "phone_number", "preferred_username"],
      UsernameConfiguration: { CaseSensitive: false },
    },
  });
  const callback = `${BASE}/account`;
  const application = { client: await newClient({ callbacks: [callback] }), callback };
  return { branded, twoFactors, closed, linked, all, application };
}

/** The link in the newest mail to an address. */
async function linkOf(email) {
  const [{ body }] = await mail(email);
  return new URL(body.match(/https?:\/\/[^\s"<]+/)[0].replaceAll("&amp;", "&"));
}

/**
 * Walks through all pages in a language and yields the name of each, once it stands. The visitor's authenticator has nobody
 * present at the start.
 */
export async function* walk({ context, page, authenticator }, { lang, pools }) {
  const { branded, twoFactors, closed, linked, all, application } = pools;
  const go = (path, parameters) => page.goto(`${BASE}${path}?${new URLSearchParams({ ...parameters, lang })}`);
  const account = (client = CLIENT) => page.goto(accountUrl({ client, lang }));
  const fill = (id, text) => page.locator(`#${id}`).fill(text);
  /** Presses what leads to another page. */
  const press = (selector) => Promise.all([page.waitForEvent("load"), page.locator(selector).first().click()]);
  const next = () => press("main button.primary");
  const name = async (username) => {
    await fill("username", username);
    await next();
  };
  const way = (factor) => press(`button[name=factor][value=${factor}]`);
  const signOut = () => press("button[value=sign_out]");

  // Somebody new.
  const { username, email } = newName();
  await account();
  yield "login";
  await press(".aside a");
  yield "signup";
  await fill("username", username);
  await fill("email", email);
  await fill("password", "weak");
  await next();
  yield "signup-problem";
  await fill("password", PASSWORD);
  await next();
  yield "confirm";
  await fill("code", "000000");
  await next();
  yield "confirm-problem";
  await fill("code", await code(email));
  await next();
  yield "passkey-add";
  await page.evaluate(() => {
    for (const one of document.querySelectorAll("[data-failed],[data-exists]")) one.hidden = false;
  });
  yield "passkey-add-problem";
  await press("form:not([data-passkey]) button.secondary");
  yield "account-without-passkeys";

  // Passkeys.
  await press("section[aria-labelledby=passkeys] a.primary");
  await authenticator.present(true);
  await next();
  await authenticator.present(false);
  yield "account";
  await press("a[href*='rename=']");
  yield "passkey-rename";
  await fill("name", LONG_NAME);
  await press("button[value=rename]");
  for (const one of await page.locator("details summary").all()) await one.click();
  yield "account-open";
  await press("button[value=ask_delete]");
  yield "passkey-delete";
  await press("main a.secondary");
  await press("button[value=ask_delete_account]");
  yield "account-delete";
  await press("main a.secondary");

  // Address and password.
  await press("a[href*='change=email']");
  yield "account-address";
  await fill("email", "nobody@");
  await page.locator("form").first().evaluate((form) => (form.noValidate = true));
  await press("button[value=email]");
  yield "account-address-problem";
  await fill("email", newName().email);
  await press("button[value=email]");
  yield "account-code";
  await fill("code", "000000");
  await next();
  yield "account-code-problem";
  await press(".aside a");
  yield "account-not-verified";
  await page.locator("section[aria-labelledby=profile] summary").click();
  await fill("old", "Wr0ng-password");
  await fill("new", "N3w-Passw0rd");
  await press("button[value=password]");
  yield "account-problem";
  await go("/login", { client_id: CLIENT, fresh: "1" });
  yield "login-again";
  await go("/logout", { client_id: CLIENT, post_logout_redirect_uri: accountUrl().split("?")[0] });
  yield "logout";
  await account();
  await signOut();
  yield "login-signed-out";

  // Signing in.
  await name(username);
  yield "login-passkey";
  await way("PASSWORD");
  yield "login-password";
  await fill("password", "Wr0ng-password");
  await next();
  yield "login-password-problem";
  await account();
  const { username: other } = await newPerson();
  await name(other);
  await way("EMAIL_OTP");
  yield "login-code";
  await fill("code", "00000000");
  await next();
  yield "login-code-problem";
  await account();
  await context.clearCookies();
  await name(username);
  yield "login-old-form";
  await go("/forgot", { client_id: CLIENT });
  yield "forgot";
  await name(username);
  yield "forgot-code";
  await fill("code", "000000");
  await fill("password", "N3w-Passw0rd");
  await next();
  yield "forgot-code-problem";
  await go("/login", { client_id: CLIENT, done: "password" });
  yield "login-password-saved";

  // An application's request.
  await account();
  await name(other);
  await fill("password", PASSWORD);
  await next();
  const asked = { response_type: "code", client_id: application.client, redirect_uri: application.callback };
  await go("/oauth2/authorize", { ...asked, prompt: "select_account" });
  yield "login-continue";
  await account();
  await press("button[value=ask_delete_account]");
  await press("main form button.danger");
  yield "account-deleted";

  // A name, a logo and an authenticator app.
  const first = newName().username;
  const person = { UserPoolId: branded.pool, Username: first, MessageAction: "SUPPRESS" };
  await api.adminCreateUser({ ...person, TemporaryPassword: PASSWORD });
  await account(branded.client);
  yield "login-branded";
  await name(first);
  await fill("password", PASSWORD);
  await next();
  yield "login-new-password";
  await fill("password", "weak");
  await next();
  yield "login-new-password-problem";
  await fill("password", "N3w-Passw0rd");
  await next();
  yield "account-branded";
  await press("button[value=mfa_on]");
  yield "account-setup";
  await fill("code", "000000");
  await next();
  yield "account-setup-problem";

  // Second factors for everybody.
  const second = await newPerson({ pool: twoFactors.pool });
  await api.adminUpdateUserAttributes({
    UserPoolId: twoFactors.pool,
    Username: second.username,
    UserAttributes: [{ Name: "email_verified", Value: "false" }],
  });
  await account(twoFactors.client);
  await name(second.username);
  if (await page.locator("#password").count()) {
    await fill("password", PASSWORD);
    await next();
  }
  yield "login-setup";
  const secret = (await page.locator(".secret code").innerText()).trim();
  await fill("code", totp(secret));
  await next();
  yield "account-second-factors";
  await signOut();
  await name(second.username);
  await fill("password", PASSWORD);
  await next();
  yield "login-app-code";
  await api.adminUpdateUserAttributes({
    UserPoolId: twoFactors.pool,
    Username: second.username,
    UserAttributes: [{ Name: "email_verified", Value: "true" }],
  });
  await api.adminSetUserMFAPreference({
    UserPoolId: twoFactors.pool,
    Username: second.username,
    SoftwareTokenMfaSettings: { Enabled: true, PreferredMfa: false },
    EmailMfaSettings: { Enabled: true, PreferredMfa: false },
  });
  await account(twoFactors.client);
  await name(second.username);
  await fill("password", PASSWORD);
  await next();
  yield "login-choose";

  // Other pools.
  await go("/signup", { client_id: closed.client });
  yield "signup-closed";
  await go("/signup", { client_id: all.client });
  yield "signup-with-attributes";
  const confirming = newName();
  await api.signUp({
    ClientId: linked.client,
    Username: confirming.username,
    Password: PASSWORD,
    UserAttributes: [{ Name: "email", Value: confirming.email }],
  });
  const link = await linkOf(confirming.email);
  await go(link.pathname, Object.fromEntries(link.searchParams));
  yield "confirm-link";
  await next();
  yield "confirm-link-confirmed";
  // Who opens the link in another browser may be somebody else.
  const elsewhere = newName();
  await go("/signup", { client_id: linked.client });
  await fill("username", elsewhere.username);
  await fill("email", elsewhere.email);
  await fill("password", PASSWORD);
  await next();
  yield "confirm-by-link";
  await context.clearCookies();
  const strange = await linkOf(elsewhere.email);
  await go(strange.pathname, Object.fromEntries(strange.searchParams));
  await next();
  yield "confirm-link-password";
  await fill("password", "weak");
  await next();
  yield "confirm-link-password-problem";
  await go(link.pathname, { client_id: linked.client });
  yield "confirm-link-incomplete";

  // Who has the code without the page that signed up may be somebody else, too.
  const apart = newName();
  await go("/signup", { client_id: CLIENT });
  await fill("username", apart.username);
  await fill("email", apart.email);
  await fill("password", PASSWORD);
  await next();
  await page.locator("main input[name=session]").first().evaluate((one) => (one.value = ""));
  await fill("code", await code(apart.email));
  await next();
  yield "confirm-password";
  await fill("password", "weak");
  await next();
  yield "confirm-password-problem";

  // What is nobody's.
  await go("/login", { client_id: "nobody" });
  yield "not-for-us";
  await context.clearCookies();
  await go("/account", {});
  yield "account-without-client";
  await go("/login", { client_id: CLIENT });
  await page.locator("main input[name=step]").first().evaluate((one) => (one.value = "nothing"));
  await name(username);
  yield "went-wrong";
  await go("/dev/inbox", { to: email });
  yield "inbox";
  await go("/dev/inbox", { to: newName().email });
  yield "inbox-empty";
}
