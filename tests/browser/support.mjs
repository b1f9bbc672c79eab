// Shared by the browser tests: the server's operations, people, browsers and their passkeys.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";

import { Sha256 } from "@aws-crypto/sha256-js";
import { CognitoIdentityProvider } from "@aws-sdk/client-cognito-identity-provider";
import { SignatureV4 } from "@smithy/signature-v4";
import { chromium } from "playwright-core";

export const BASE = process.env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER;
export const { POOL, CLIENT } = process.env;
export const PASSWORD = "Passw0rd!";
/** The languages of the pages, the first one being the one that others are translated from. */
export const LANGUAGES = [
  "en",
  ...readdirSync(new URL("../../locales", import.meta.url))
    .map((file) => file.replace(".ftl", ""))
    .filter((language) => language !== "en"),
];

/** How long anything may take that a test waits for. */
const PATIENCE = 10_000;

// The server.

/** The operations of operators, by the AWS SDK. */
export const api = new CognitoIdentityProvider({ endpoint: BASE });

async function post(target, headers, body) {
  const answer = await fetch(BASE, { method: "POST", headers: { ...headers, "x-amz-target": target }, body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${target}: ${answer.status} ${text}`);
  return text ? JSON.parse(text) : {};
}

/** An operation that needs no signature: `KeysteadService.GetPasskeySignals`, say. */
export const call = (target, input) =>
  post(target, { "content-type": "application/x-amz-json-1.1" }, JSON.stringify(input));

/** An operation of Keystead's own that operators sign. */
export async function keystead(operation, input) {
  const { hostname, port, protocol } = new URL(BASE);
  const body = JSON.stringify(input);
  const credentials = { accessKeyId: process.env.AWS_ACCESS_KEY_ID, secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY };
  const signer = new SignatureV4({ credentials, region: process.env.AWS_REGION, service: "cognito-idp", sha256: Sha256 });
  const target = `KeysteadService.${operation}`;
  const headers = { host: `${hostname}:${port}`, "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
  const address = { protocol, hostname, port: Number(port), path: "/", query: {} };
  const signed = await signer.sign({ method: "POST", ...address, headers, body });
  return post(target, signed.headers, body);
}

/** Messages to an address, the newest first, once there are so many. */
export async function mail(to, count = 1) {
  for (const end = Date.now() + PATIENCE; Date.now() < end; ) {
    const { messages } = await (await fetch(`${BASE}/dev/inbox?to=${encodeURIComponent(to)}`)).json();
    if (messages.length >= count) return messages;
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`no message ${count} to ${to}`);
}

/** The code in the newest message to an address, once there are so many. */
export const code = async (to, count = 1) => (await mail(to, count))[0].body.match(/\d{6,8}/)[0];

/** The code of an authenticator app (RFC 6238), now or so many steps of 30 seconds later. */
export function totp(secret, later = 0) {
  const digits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"));
  const key = Buffer.from(digits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const hash = createHmac("sha1", key).update(counter).digest();
  const number = hash.readUInt32BE(hash[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/** A name that nobody has, and an address. */
export function newName() {
  const username = `u-${randomUUID()}`;
  return { username, email: `${username}@example.com` };
}

/** A person with a password and a verified address. */
export async function newPerson({ pool = POOL, password = PASSWORD } = {}) {
  const { username, email } = newName();
  const UserAttributes = [
    { Name: "email", Value: email },
    { Name: "email_verified", Value: "true" },
  ];
  await api.adminCreateUser({ UserPoolId: pool, Username: username, UserAttributes, MessageAction: "SUPPRESS" });
  await api.adminSetUserPassword({ UserPoolId: pool, Username: username, Password: password, Permanent: true });
  return { username, email, password };
}

/** An app client with sign-in pages that may send people back to these addresses. */
export async function newClient({ pool = POOL, callbacks = [`${BASE}/account`] } = {}) {
  const { UserPoolClient } = await api.createUserPoolClient({
    UserPoolId: pool,
    ClientName: "application",
    ExplicitAuthFlows: ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH"],
    PreventUserExistenceErrors: "ENABLED",
    AllowedOAuthFlowsUserPoolClient: true,
    AllowedOAuthFlows: ["code"],
    AllowedOAuthScopes: ["openid", "email", "profile", "aws.cognito.signin.user.admin"],
    CallbackURLs: callbacks,
    LogoutURLs: callbacks,
  });
  return UserPoolClient.ClientId;
}

/** A pool with passkeys for localhost, and a client of it. `settings`: of CreateUserPool; `mfa`: of SetUserPoolMfaConfig. */
export async function newPool({ settings = {}, mfa = {}, policy } = {}) {
  const { UserPool } = await api.createUserPool({
    PoolName: "browser tests",
    Policies: { SignInPolicy: { AllowedFirstAuthFactors: ["PASSWORD", "WEB_AUTHN"] } },
    AutoVerifiedAttributes: ["email"],
    ...settings,
  });
  const pool = UserPool.Id;
  await api.setUserPoolMfaConfig({
    UserPoolId: pool,
    WebAuthnConfiguration: { RelyingPartyId: "localhost", UserVerification: "preferred" },
    ...mfa,
  });
  if (policy) await keystead("SetUserPoolPasskeyPolicy", { UserPoolId: pool, PasskeyPolicy: policy });
  return { pool, client: await newClient({ pool }) };
}

/** A server of the test's own. Resolves to its origin. */
export async function serve(t, handle) {
  const server = createServer(handle);
  server.listen(0, "localhost");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://localhost:${server.address().port}`;
}

/** The words of the pages in a language, by their names. */
export function words(language) {
  const file = readFileSync(new URL(`../../locales/${language}.ftl`, import.meta.url), "utf8");
  return Object.fromEntries([...file.matchAll(/^([a-z][\w-]*) = (.*)$/gm)].map(([, name, text]) => [name, text]));
}

// The browser.

let launched;

async function launch() {
  launched ??= chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    headless: true,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return launched;
}

export const close = async () => (await launched)?.close();

/** What the passkey manager was told (the signals of Web Authentication Level 3), in order. */
class Told {
  #news = new EventEmitter();
  calls = [];

  hear(name, what) {
    this.calls.push({ name, what });
    this.#news.emit("told");
  }

  /** Of one signal, each time's argument. */
  of(name) {
    return this.calls.filter((one) => one.name === name).map((one) => one.what);
  }

  forget() {
    this.calls = [];
  }

  /** The argument of a signal's latest call, once it was given. */
  async last(name) {
    const signal = AbortSignal.timeout(PATIENCE);
    while (this.of(name).length === 0) {
      await once(this.#news, "told", { signal }).catch(() => assert.fail(`${name} was not called`));
    }
    return this.of(name).at(-1);
  }
}

/** Runs in every page before its own scripts: says what the page tells the passkey manager, and what it must not do. */
function listen() {
  addEventListener("securitypolicyviolation", (event) => window.__wrong(`${event.violatedDirective}: ${event.blockedURI}`));
  if (!window.PublicKeyCredential) return;
  for (const name of ["signalAllAcceptedCredentials", "signalUnknownCredential", "signalCurrentUserDetails"]) {
    const own = PublicKeyCredential[name];
    PublicKeyCredential[name] = function (what) {
      window.__told(name, what);
      return own.call(this, what);
    };
  }
}

/**
 * Opens a browser of its own, with one page and an authenticator. `present`: whether the authenticator's user is there at
 * once. `wrongs()`: what no page may do, errors on the console, exceptions, answers with a status of 500 or more, violations
 * of the content security policy.
 */
export async function open({ present = true, ...options } = {}) {
  const path = (url) => url.replace(/\?.*/, "");
  const context = await (await launch()).newContext({ viewport: { width: 1000, height: 800 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const told = new Told();
  const wrong = [];
  if (options.javaScriptEnabled !== false) {
    await context.exposeBinding("__told", (_, name, what) => told.hear(name, what));
    await context.exposeBinding("__wrong", ({ page }, what) => wrong.push(`${path(page.url())}: ${what}`));
    await context.addInitScript(listen);
  }
  // A page that says what went wrong has a status that says so too, which the console repeats. A test adds other addresses.
  const refused = new Set();
  context.on("response", (response) => {
    const isPage = response.request().resourceType() === "document";
    if (response.status() >= 500) wrong.push(`${path(response.url())}: ${response.status()}`);
    else if (isPage && response.status() >= 400) refused.add(response.url());
  });
  context.on("weberror", (error) => wrong.push(`${path(error.page()?.url() ?? "")}: ${error.error()}`));
  const onConsole = [];
  context.on("console", (message) => {
    if (message.type() === "error") onConsole.push([message.location().url, message.text()]);
  });
  const wrongs = () => {
    const isStatus = ([url, text]) => refused.has(url) && /the server responded with a status of 4/.test(text);
    return [...wrong, ...onConsole.filter((one) => !isStatus(one)).map(([url, text]) => `${path(url)}: ${text}`)];
  };
  const page = await context.newPage();
  return { context, page, told, refused, wrongs, authenticator: await Authenticator.of(page, { present }) };
}

/** The same for a test, which fails if a page does what none may do. */
export async function visit(t, options) {
  const visitor = await open(options);
  t.after(async () => {
    await visitor.context.close();
    assert.deepEqual(visitor.wrongs(), []);
  });
  return visitor;
}

/** From now on the browser has no passkeys among the suggestions of a field, as some browsers. */
export const suggestNothing = ({ context }) =>
  context.addInitScript(() => {
    PublicKeyCredential.isConditionalMediationAvailable = async () => false;
  });

/** An authenticator of a page's own, built into the device unless its options say otherwise. */
export class Authenticator {
  static async of(page, { present = true, ...options } = {}) {
    const devtools = await page.context().newCDPSession(page);
    await devtools.send("WebAuthn.enable", { enableUI: false });
    const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: present,
        ...options,
      },
    });
    return Object.assign(new Authenticator(), { devtools, authenticatorId });
  }

  #send(method, parameters = {}) {
    return this.devtools.send(`WebAuthn.${method}`, { authenticatorId: this.authenticatorId, ...parameters });
  }

  async passkeys() {
    return (await this.#send("getCredentials")).credentials;
  }

  put(credential) {
    return this.#send("addCredential", { credential });
  }

  present(enabled) {
    return this.#send("setAutomaticPresenceSimulation", { enabled });
  }

  /** The next time that the authenticator does something with a passkey: `credentialDeleted`, say. */
  next(event) {
    const said = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the authenticator did not say ${event}`)), PATIENCE);
      this.devtools.once(`WebAuthn.${event}`, (what) => {
        clearTimeout(late);
        resolve(what);
      });
    });
    // A test may fail before it waits.
    said.catch(() => {});
    return said;
  }
}

/** Base64, as the DevTools protocol has it, in base64url. */
export const base64url = (base64) => Buffer.from(base64, "base64").toString("base64url");

// What people do.

export const accountUrl = ({ client = CLIENT, ...more } = {}) =>
  `${BASE}/account?${new URLSearchParams({ client_id: client, ...more })}`;

export const heading = (page) => page.locator("h1").innerText();

export const problem = (page) => page.locator(".notice.problem:visible").innerText();

export const good = (page) => page.locator(".notice.good").innerText();

/** The buttons for other ways to sign in. */
export const otherWays = (page) => page.locator("section[aria-labelledby=other-ways] button").allInnerTexts();

export async function expectHeading(page, text) {
  await page.locator("h1", { hasText: new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}$`) }).waitFor();
}

/** Types a name on the first page. */
export async function giveName(page, username) {
  await page.getByLabel("Username", { exact: false }).fill(username);
  await page.getByRole("button", { name: "Next" }).click();
}

export async function givePassword(page, password) {
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** Signs in with name and password, and arrives at the account page. A person with a passkey is asked for it first. */
export async function signIn(page, { username, password }, { client } = {}) {
  await page.goto(accountUrl({ client }));
  await giveName(page, username);
  await page.getByRole("heading", { name: /^(Enter your password|Sign in with your passkey)$/ }).waitFor();
  const asksForPasskey = (await heading(page)) !== "Enter your password";
  if (asksForPasskey) await page.getByRole("button", { name: "Use your password" }).click();
  await givePassword(page, password);
  await expectHeading(page, "Your account");
}

/** Fills the page that makes an account. */
export async function fillSignUp(page, { username, email, password = PASSWORD }) {
  await page.getByLabel("Username").fill(username);
  await page.getByLabel("Email address").fill(email);
  await page.getByLabel(/^Password/).fill(password);
  await page.getByRole("button", { name: "Create an account" }).click();
}

/** Makes an account, from the first page on, and confirms it with the code. */
export async function signUp(page, person) {
  await page.getByRole("link", { name: "Create an account" }).click();
  await fillSignUp(page, person);
  await page.getByLabel("Code").fill(await code(person.email));
  await page.getByRole("button", { name: "Confirm" }).click();
}

/** Adds a passkey from the account page; resolves to what the authenticator has of it. */
export async function addPasskey(page, authenticator) {
  await authenticator.present(true);
  const added = authenticator.next("credentialAdded");
  await page.getByRole("link", { name: "Add a passkey" }).click();
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.getByText("Your passkey was added.").waitFor();
  return (await added).credential;
}

export const signOut = (page) => page.locator("button[value=sign_out]").click();
