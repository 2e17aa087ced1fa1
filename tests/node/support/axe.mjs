// What axe says of a page in a browser. It is slow: tests sample what it looks at, unless they run in full.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf-8");
const ASKED = {
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  resultTypes: ["violations"], // of the other results one node each is told: all that is asked is whether there are some
  preload: false, // of style sheets of other origins and of media, which the pages do not have
};

export const IS_FULL = process.env.TRENDGATE_TEST_FULL === "1";

// The page's policy would keep axe out as it keeps out everything else: open it with bypassCSP.
export async function assertAccessible(page, where) {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const found = await page.evaluate((asked) => globalThis.axe.run(document, asked), ASKED);
  assert.ok(found.passes.length > 10, "axe looked at the page");
  assert.deepEqual(
    found.violations.map(
      (violation) =>
        `${violation.id}: ${violation.nodes
          .map((node) => node.html)
          .join(" ")
          .slice(0, 400)}`,
    ),
    [],
    where,
  );
}
