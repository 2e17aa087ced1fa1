// Takes a picture of every page, in both themes, wide and narrow: node tests/browser/pictures.mjs FOLDER
import { startBrowser } from "../node/support/browser.mjs";
import { FakeApi } from "./support/fake_api.mjs";
import { PAGES } from "./support/pages.mjs";

const [folder, only = ""] = process.argv.slice(2);
if (!folder) throw new Error("name the folder that the pictures go to");
const fake = await new FakeApi().open();
const browser = await startBrowser();
for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 390]) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } });
    const page = await context.newPage();
    for (const { name, path } of PAGES.filter((one) => one.name.includes(only))) {
      await page.goto(fake.url + path, { waitUntil: "networkidle" });
      await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png`, fullPage: true });
    }
    await context.close();
  }
}
await browser.close();
await fake.close();
