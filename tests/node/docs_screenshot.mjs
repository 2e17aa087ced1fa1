// Takes the picture of the page that the README shows: node tests/node/docs_screenshot.mjs
import { join } from "node:path";
import { openPlace } from "./docs_world.mjs";
import { startBrowser } from "./support/browser.mjs";
import { CHECKOUT } from "./support/server.mjs";

const place = await openPlace({ settings: { TRENDGATE_SERVER_PUBLIC_URL: "https://api.example.com" } });
const browser = await startBrowser();
const context = await browser.newContext({ colorScheme: "light", viewport: { width: 1200, height: 860 } });
const page = await context.newPage();
await page.goto(`${place.server.url}/docs`);
await page.screenshot({ path: join(CHECKOUT, "docs/docs-page.png") });
await browser.close();
await place.close();
