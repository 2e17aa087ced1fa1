// The browser, and the packages of tests/node, which these tests share.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const packages = createRequire(new URL("../../node/package.json", import.meta.url));
const { chromium } = packages("playwright-core");

export const AXE = readFileSync(packages.resolve("axe-core/axe.min.js"), "utf-8");

export function startBrowser() {
  const executablePath = process.env.TRENDGATE_CHROMIUM ?? "/usr/bin/chromium";
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}
