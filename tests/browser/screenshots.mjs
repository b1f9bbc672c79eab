// Pictures of every page, light and dark, on a desktop's screen and on a phone's: node screenshots.mjs <directory> [language].
// Needs a running server's exports; tests/browser/run --screenshots <directory> has one.

import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { close, open } from "./support.mjs";
import { pools, walk } from "./walk.mjs";

const [directory, lang = "en"] = process.argv.slice(2);
if (!directory) throw new Error("usage: node screenshots.mjs <directory> [language]");
mkdirSync(directory, { recursive: true });

const SCREENS = { desktop: { width: 1000, height: 800 }, phone: { width: 390, height: 844 } };

const visitor = await open({ present: false, reducedMotion: "reduce" });
const { page } = visitor;
let number = 0;
for await (const name of walk(visitor, { lang, pools: await pools() })) {
  number += 1;
  for (const [screen, size] of Object.entries(SCREENS)) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const file = `${String(number).padStart(2, "0")}-${name}.${screen}.${colorScheme}.png`;
      await page.screenshot({ path: join(directory, file), fullPage: true });
    }
  }
}
await close();
console.log(`${number} pages, four pictures of each, in ${directory}`);
