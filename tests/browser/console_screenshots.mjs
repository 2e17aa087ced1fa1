// Takes the pictures of the console that the README shows, of the real server with some weeks of use:
// node tests/browser/console_screenshots.mjs [FOLDER]. With a FOLDER: of every page and form instead, into it.
import { join } from "node:path";
import { Clock, clockBinary } from "../node/support/clock.mjs";
import { CHECKOUT, Place } from "../node/support/server.mjs";
import { startBrowser } from "../node/support/browser.mjs";
import { settled } from "./support/console.mjs";
import { PAGES } from "./support/pages.mjs";
import { Person } from "./support/real.mjs";

const DAYS = 19;
const DAY_S = 86_400;
const MINUTE_S = 60;
const CALLS_A_MINUTE = 15; // of the plan
const [folder] = process.argv.slice(2);

// What its programs called, day by day: more on working days, with two keys and a few refusals.
async function work(world, person) {
  const keys = [await person.key("production"), await person.key("nightly export")];
  for (let day = 0; day <= DAYS; day++) {
    const isWeekend = [0, 6].includes(new Date(world.clock.now()).getUTCDay());
    const calls = Math.round((isWeekend ? 9 : 22) * (0.75 + 0.5 * Math.abs(Math.sin(day * 1.7))));
    for (let made = 0; made < calls; made++) {
      if (made % CALLS_A_MINUTE === 0) await world.clock.passForLimits(MINUTE_S);
      await person.call(keys[made % 4 === 3 ? 1 : 0].secret);
    }
    await world.clock.passForLimits(MINUTE_S);
    if (day % 4 === 1) await person.call(keys[0].secret, "period=8");
    if (day === DAYS) break;
    await world.clock.passBy(DAY_S);
    person.cookies.clear();
    await person.signIn();
  }
  await person.send("POST", "/user/me/api-keys/rotate", { id: keys[0].id, grace_period_seconds: DAY_S });
  await person.key("staging", { daily_credit_cap: 800 });
}

const world = { mails: 0 };
world.clock = await new Clock(DAYS).open();
const place = new Place({
  binary: clockBinary(),
  settings: {
    ...world.clock.settings,
    TRENDGATE_CONSOLE_SIGN_UP: "open",
    TRENDGATE_SERVER_PUBLIC_URL: "https://api.example.com",
  },
});
world.place = place;
world.server = await place.serve();
const person = await Person.join(world, "Starter", "ada@example.com");
await work(world, person);
const browser = await startBrowser();

async function open(path, { width, height = 860, colorScheme, isSignedOut = false }) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height } });
  if (!isSignedOut) await context.addCookies(person.forBrowser());
  const page = await context.newPage();
  await page.goto(world.server.url + path);
  await page.locator("h1").first().waitFor();
  await settled(page);
  return page;
}

async function takeAll() {
  const forms = ["signin", "signup"].map((name) => ({ name, path: `/console/${name}`, isSignedOut: true }));
  const own = { name: "password", path: "/console/password" };
  const link = { name: "link", path: person.link(), isSignedOut: true };
  for (const colorScheme of ["light", "dark"])
    for (const width of [1280, 390])
      for (const { name, path, isSignedOut } of [...PAGES, ...forms, own, link]) {
        const page = await open(path, { width, colorScheme, isSignedOut });
        await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true });
        await page.context().close();
      }
}

async function takeThree() {
  const docs = (name) => join(CHECKOUT, "docs", name);
  const usage = await open("/console/usage", { width: 1200, colorScheme: "light" });
  await usage.screenshot({ path: docs("console-usage.png") });
  const playground = await open("/console/playground?operation=tiktok-popular-trend-hashtag&limit=3&country_code=US", {
    width: 1200, colorScheme: "dark",
  });
  await playground.getByRole("button", { name: "Send" }).click();
  await playground.getByText("200 OK").waitFor();
  await playground.evaluate(() => scrollTo(0, 0));
  await playground.screenshot({ path: docs("console-playground.png") });
  const keys = await open("/console/keys", { width: 390, height: 844, colorScheme: "light" });
  await keys.screenshot({ path: docs("console-keys-390.png") });
}

await (folder ? takeAll() : takeThree());
await browser.close();
await place.close();
await world.clock.close();
