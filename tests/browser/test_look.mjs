// How the pages look and behave for everybody: any language, any screen, keyboard, assistive technology, no JavaScript.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";

import {
  LANGUAGES,
  PASSWORD,
  POOL,
  accountUrl,
  addPasskey,
  api,
  close,
  code,
  expectHeading,
  giveName,
  givePassword,
  good,
  heading,
  keystead,
  newName,
  newPerson,
  newPool,
  open,
  signIn,
  signUp,
  visit,
  words,
} from "./support.mjs";
import { pools, walk } from "./walk.mjs";

after(close);

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { width: 360, height: 740 };
const DESKTOP = { width: 1000, height: 800 };

/** What axe-core finds on a page that matters. `runOnly`: by these rules. */
async function violations(page, runOnly) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const { violations } = await page.evaluate((runOnly) => {
    const rules = runOnly ? {} : { "target-size": { enabled: true } };
    return window.axe.run(document, { resultTypes: ["violations"], rules, ...(runOnly ? { runOnly } : {}) });
  }, runOnly);
  const serious = violations.filter((one) => ["serious", "critical"].includes(one.impact));
  const said = (one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")}: ${node.any[0]?.message ?? one.help}`);
  return serious.flatMap(said);
}

/** What is seen of a page, in one pass. */
const look = (page) =>
  page.evaluate(() => {
    const isOwnWord = (node) => !node.parentElement.closest("script, style, noscript, footer nav, .message, .who span, code");
    const texts = [];
    const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (nodes.nextNode()) if (isOwnWord(nodes.currentNode)) texts.push(nodes.currentNode.data.trim());
    for (const one of document.querySelectorAll("[aria-label]")) texts.push(one.getAttribute("aria-label"));
    texts.push(document.title.replace(/ – [^–]*$/, ""));
    const root = document.scrollingElement;
    const isWide = (one) => one.checkVisibility() && one.getBoundingClientRect().right > innerWidth + 0.5;
    const wide = [...document.querySelectorAll("body *:not(.skip)")].filter(isWide);
    const called = (one) => one.textContent.trim() || one.id;
    const controls = [...document.querySelectorAll("button:not(.link), .button, input:not([type=hidden], .off), .notice")];
    const boxes = controls.filter((one) => one.checkVisibility()).map((one) => [called(one), one.getBoundingClientRect()]);
    const touching = boxes.flatMap(([name, box], n) =>
      boxes
        .slice(n + 1)
        .filter(([, other]) => box.left < other.right && other.left < box.right)
        .filter(([, other]) => other.top - box.bottom < 8 && box.top - other.bottom < 8)
        .map(([other]) => `${name} / ${other}`),
    );
    const [navigation] = performance.getEntriesByType("navigation");
    const resources = performance.getEntriesByType("resource");
    return {
      language: document.documentElement.lang,
      texts: texts.filter((text) => text !== ""),
      width: root.scrollWidth,
      wide: root.scrollWidth > innerWidth ? wide.map((one) => one.outerHTML.slice(0, 80)) : [],
      touching,
      bytes: navigation.transferSize + resources.reduce((sum, one) => sum + one.encodedBodySize, 0),
    };
  });

/** Of each language: what was seen on the walk, page by page, what no page may do, and what stopped the walk, if anything. */
const walks = new Map();

before(async () => {
  const shared = await pools();
  const walkIn = async (language) => {
    const visitor = await open({ present: false, reducedMotion: "reduce", viewport: PHONE });
    const seen = [];
    const stopped = await (async () => {
      for await (const name of walk(visitor, { lang: language, pools: shared })) {
        const { page } = visitor;
        const one = { name, ...(await look(page)), axe: {} };
        seen.push(one);
        if (language !== "en") continue;
        await page.setViewportSize(DESKTOP);
        one.axe.light = await violations(page);
        await page.emulateMedia({ colorScheme: "dark" });
        one.axe.dark = await violations(page, ["color-contrast"]);
        await page.emulateMedia({ colorScheme: "light" });
        await page.setViewportSize(PHONE);
      }
    })().catch((error) => error);
    walks.set(language, { seen, stopped, wrongs: visitor.wrongs() });
    await visitor.context.close();
  };
  // One after the other: side by side they take longer.
  for (const language of LANGUAGES) await walkIn(language);
});

/** What is wrong on the pages of the walks: `of` says what is wrong on one. */
function found(languages, of) {
  const wrong = [];
  for (const language of languages) {
    for (const one of walks.get(language).seen) {
      const what = of(one, language);
      if (what.length > 0) wrong.push(`${language} ${one.name}: ${what}`);
    }
  }
  return wrong;
}

test("every page is there in every language", () => {
  for (const language of LANGUAGES) {
    const { seen, stopped } = walks.get(language);
    assert.ifError(stopped && new Error(`${language}, after ${seen.at(-1)?.name}`, { cause: stopped }));
    assert.deepEqual(seen.map((one) => one.name), walks.get("en").seen.map((one) => one.name));
  }
});

for (const colorScheme of ["light", "dark"]) {
  test(`axe-core finds nothing serious on any page, ${colorScheme}`, () => {
    assert.deepEqual(found(["en"], (one) => one.axe[colorScheme]), []);
  });
}

test("no page is wider than a phone of 360 px, in any language", () => {
  assert.deepEqual(found(LANGUAGES, (one) => (one.width > PHONE.width ? `${one.width} px, by ${one.wide}` : "")), []);
});

test("no two buttons, fields or notices touch on a phone, in any language", () => {
  assert.deepEqual(found(LANGUAGES, (one) => one.touching), []);
});

test("every page is in the language that was asked for", () => {
  assert.deepEqual(found(LANGUAGES, (one, language) => (one.language === language ? "" : one.language)), []);
});

test("no page says anything in English that its language has words for", () => {
  const english = words("en");
  const untranslated = (one, language) => {
    const own = Object.values(words(language));
    return one.texts.filter((text) => Object.values(english).includes(text) && !own.includes(text));
  };
  assert.deepEqual(found(LANGUAGES.slice(1), untranslated), []);
});

test("every page weighs less than 60 KB, script and all", () => {
  assert.deepEqual(found(["en"], (one) => (one.bytes > 0 && one.bytes < 60_000 ? "" : `${one.bytes} bytes`)), []);
});

test("no page breaks its own rules or writes errors to the console", () => {
  const wrongs = LANGUAGES.flatMap((language) => walks.get(language).wrongs);
  assert.deepEqual([...new Set(wrongs.map((one) => one.replace(/nonce-[^']*/g, "nonce-")))], []);
});

for (const AccentColor of ["#0b6e4f", "#ffcc00"]) {
  test(`a pool's colour can be read wherever it is, light and dark: ${AccentColor}`, async (t) => {
    const { pool, client } = await newPool();
    await keystead("SetUserPoolBranding", { UserPoolId: pool, Branding: { AccentColor } });
    const { page } = await visit(t, { reducedMotion: "reduce" });
    await page.goto(accountUrl({ client }));
    const colors = {};
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      colors[colorScheme] = await violations(page);
    }
    assert.deepEqual(colors, { light: [], dark: [] });
  });
}

// Movement.

/** Says once the page is painted and still: the sum of its layout shifts. */
const shifts = (page) =>
  page.evaluate(
    () =>
      new Promise((resolve) => {
        let sum = 0;
        const add = (entries) => entries.forEach((one) => (sum += one.value));
        const observer = new PerformanceObserver((list) => add(list.getEntries()));
        observer.observe({ type: "layout-shift", buffered: true });
        const end = () => {
          add(observer.takeRecords());
          resolve(sum);
        };
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(end)));
      }),
  );

/** The script arrives when the page was painted already, as it does over a slow line. */
const slowScript = (page) =>
  page.route("**/assets/pages.js*", async (route) => {
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
    await route.continue();
  });

/** How to get to pages that move if anything does. */
const MOVING = {
  "sign-in": async ({ page }) => {
    await slowScript(page);
    await page.goto(accountUrl());
    await page.getByRole("button", { name: "Sign in with a passkey" }).waitFor();
  },
  "sign-up": async ({ page }) => {
    await slowScript(page);
    await page.goto(accountUrl().replace("/account", "/signup"));
    await page.getByLabel("Show password").waitFor();
  },
  password: async ({ page }, { username }) => {
    await page.goto(accountUrl());
    await slowScript(page);
    await giveName(page, username);
    await page.getByLabel("Show password").waitFor();
  },
  account: async ({ page, authenticator }, person) => {
    await signIn(page, person);
    await addPasskey(page, authenticator);
    await slowScript(page);
    await page.reload();
  },
};

for (const [name, go] of Object.entries(MOVING)) {
  test(`nothing moves while a page loads over a slow line: ${name}`, async (t) => {
    const visitor = await visit(t, { present: false });
    await go(visitor, await newPerson());
    assert.equal(await shifts(visitor.page), 0);
  });
}

test("a button that needs the script waits for it", async (t) => {
  const { page } = await visit(t);
  await signIn(page, await newPerson());
  let release;
  const released = new Promise((resolve) => (release = resolve));
  await page.route("**/assets/pages.js*", async (route) => {
    await released;
    await route.continue();
  });
  await page.goto(accountUrl().replace("/account", "/passkeys/add"), { waitUntil: "commit" });
  const button = page.getByRole("button", { name: "Add a passkey" });
  await button.waitFor();
  assert.equal(await button.isEnabled(), false);
  release();
  await button.click();
  await expectHeading(page, "Your account");
});

// Languages.

test("?lang= chooses the language, and stays chosen from page to page", async (t) => {
  const { page } = await visit(t);
  for (const language of LANGUAGES) {
    const own = words(language);
    await page.goto(accountUrl({ lang: language }));
    assert.equal(await page.locator("html").getAttribute("lang"), language);
    assert.equal(await page.locator("html").getAttribute("dir"), language === "ar" ? "rtl" : "ltr");
    assert.equal(await heading(page), own["sign-in"]);
    await page.getByRole("link", { name: own["sign-up"] }).click();
    await expectHeading(page, own["sign-up"]);
    assert.equal(await page.locator("html").getAttribute("lang"), language);
  }
});

test("the browser's languages are honoured", async (t) => {
  const expected = {
    "ar-EG": "ar",
    "de-AT": "de",
    "en-GB": "en",
    "es-MX": "es",
    "fr-CA": "fr",
    "ja-JP": "ja",
    "nl-NL": "en",
    "pt-BR": "pt",
  };
  for (const [locale, language] of Object.entries(expected)) {
    await t.test(locale, async (t) => {
      const { page } = await visit(t, { locale });
      const answer = await page.goto(accountUrl());
      assert.equal(answer.headers()["content-language"], language);
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      assert.equal(await heading(page), words(language)["sign-in"]);
    });
  }
});

test("the foot of a page leads to the same page in another language", async (t) => {
  const { page } = await visit(t);
  await page.goto(accountUrl());
  assert.equal(await page.locator("footer [aria-current=true]").innerText(), "English");
  await page.getByRole("link", { name: "Deutsch" }).click();
  await expectHeading(page, words("de")["sign-in"]);
  assert.equal(await page.locator("footer [aria-current=true]").innerText(), "Deutsch");
});

// Right to left.

for (const viewport of [{ width: 390, height: 844 }, { width: 1280, height: 800 }]) {
  test(`a page of a language that is written from the right is turned around: ${viewport.width} px`, async (t) => {
    const { page, authenticator } = await visit(t, { viewport });
    await signIn(page, await newPerson());
    await addPasskey(page, authenticator);
    const turn = () => page.evaluate(() => (document.documentElement.dir = "rtl"));
    await turn();
    const box = (selector) => page.locator(selector).first().boundingBox();
    const [initial, name] = [await box(".initial"), await box("section[aria-labelledby=passkeys] bdi")];
    assert.ok(initial.x > name.x + name.width, "what stands first is at the right");
    assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth > innerWidth), false);
    await page.keyboard.press("Tab");
    const skip = await page.getByRole("link", { name: "Skip to content" }).boundingBox();
    assert.ok(skip.x >= 0 && skip.x + skip.width > viewport.width / 2 && skip.x + skip.width <= viewport.width);
    await page.getByRole("link", { name: "Change your email address" }).click();
    await turn();
    const { direction, textAlign } = await page.getByLabel("Email address").evaluate((one) => getComputedStyle(one));
    assert.deepEqual([direction, textAlign], ["ltr", "right"], "an address is written from the left");
  });
}

// Keyboard.

/** What has the focus, and whether it shows. */
const focused = (page) =>
  page.evaluate(() => {
    const one = document.activeElement;
    const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    const inside = box.width > 0 && box.height > 0 && box.left >= 0 && box.top >= 0 && box.right <= innerWidth;
    const shows = one.matches(":focus-visible") && outlineStyle === "solid" && parseFloat(outlineWidth) >= 2 && inside;
    return { what: `${one.localName} ${one.id || one.textContent.trim().slice(0, 40)}`, shows, color: outlineColor };
  });

/** Presses Tab until this has the focus; each thing on the way shows that it has it. */
async function tabTo(page, locator) {
  for (let n = 0; n < 40; n++) {
    const at = await focused(page);
    if (!at.what.startsWith("body ")) assert.ok(at.shows, `${page.url()}: the focus does not show on ${at.what}`);
    if (await locator.evaluate((one) => one === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${page.url()}: Tab does not reach ${locator}`);
}

test("by keyboard alone: sign up, add a passkey, look at the account, delete the passkey", async (t) => {
  const { page, authenticator } = await visit(t);
  const { username, email } = newName();
  const press = async (locator) => {
    await tabTo(page, locator);
    await page.keyboard.press("Enter");
  };
  await page.goto(accountUrl());
  await press(page.getByRole("link", { name: "Create an account" }));
  await expectHeading(page, "Create an account");
  await tabTo(page, page.getByLabel("Username"));
  await page.keyboard.type(username);
  await tabTo(page, page.getByLabel("Email address"));
  await page.keyboard.type(email);
  await tabTo(page, page.getByLabel(/^Password/));
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expectHeading(page, "Confirm your account");
  await tabTo(page, page.getByLabel("Code"));
  await page.keyboard.type(await code(email));
  await page.keyboard.press("Enter");
  await expectHeading(page, "Sign in faster next time?");
  await press(page.getByRole("button", { name: "Add a passkey" }));
  await expectHeading(page, "Your account");
  assert.equal(await good(page), "Your passkey was added.");
  await press(page.getByLabel("Rename Passkey"));
  await expectHeading(page, "Rename Passkey");
  await tabTo(page, page.getByLabel("New name"));
  await page.keyboard.press("Control+A");
  await page.keyboard.type("My laptop");
  await page.keyboard.press("Enter");
  await page.getByText("The passkey was renamed.").waitFor();
  await press(page.getByRole("button", { name: "Delete My laptop" }));
  await expectHeading(page, "Delete “My laptop”?");
  await press(page.getByRole("button", { name: "Delete passkey" }));
  await page.getByText("The passkey was deleted.").waitFor();
  assert.deepEqual(await authenticator.passkeys(), []);
});

test("the first Tab offers to skip to the content", async (t) => {
  const { page } = await visit(t);
  await signIn(page, await newPerson());
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  assert.equal(await skip.evaluate((one) => one === document.activeElement), true);
  assert.ok((await focused(page)).shows);
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  const first = page.locator("main").locator("a, button").first();
  assert.equal(await first.evaluate((one) => one === document.activeElement), true);
});

// Without JavaScript.

const WITHOUT = { javaScriptEnabled: false };

test("without JavaScript: sign in with a password, also with a passkey in the account, and delete the passkey", async (t) => {
  const person = await newPerson();
  const before = await visit(t);
  await signIn(before.page, person);
  await addPasskey(before.page, before.authenticator);
  const { page } = await visit(t, WITHOUT);
  await page.goto(accountUrl());
  assert.equal(await page.getByRole("button", { name: "Sign in with a passkey" }).isVisible(), false);
  await giveName(page, person.username);
  await expectHeading(page, "Enter your password");
  await givePassword(page, PASSWORD);
  await expectHeading(page, "Your account");
  await page.getByRole("button", { name: "Delete Passkey" }).click();
  await page.getByRole("button", { name: "Delete passkey" }).click();
  assert.equal(await good(page), "The passkey was deleted.");
  assert.match(await page.locator("section[aria-labelledby=passkeys]").innerText(), /You don’t have a passkey yet\./);
});

test("without JavaScript: sign up, and be told what a passkey needs", async (t) => {
  const { page } = await visit(t, WITHOUT);
  const { username, email } = newName();
  await page.goto(accountUrl());
  await signUp(page, { username, email });
  await expectHeading(page, "Sign in faster next time?");
  assert.match(await page.locator("main").innerText(), /Passkeys need JavaScript\. Turn it on in your browser, or sign in another way\./);
  await page.getByRole("button", { name: "Not now" }).click();
  await expectHeading(page, "Your account");
});

test("without JavaScript: rename a passkey", async (t) => {
  const person = await newPerson();
  const before = await visit(t);
  await signIn(before.page, person);
  await addPasskey(before.page, before.authenticator);
  const { page } = await visit(t, WITHOUT);
  await signIn(page, person);
  await page.getByLabel("Rename Passkey").click();
  await page.getByLabel("New name").fill("My laptop");
  await page.locator("button[value=rename]").click();
  assert.equal(await good(page), "The passkey was renamed.");
});

test("without JavaScript: delete the account", async (t) => {
  const { page } = await visit(t, WITHOUT);
  const person = await newPerson();
  await signIn(page, person);
  await page.getByRole("button", { name: "Delete account" }).click();
  await page.getByRole("button", { name: "Yes, delete my account" }).click();
  await expectHeading(page, "Account deleted");
  const user = api.adminGetUser({ UserPoolId: POOL, Username: person.username });
  await assert.rejects(user, { name: "UserNotFoundException" });
});
