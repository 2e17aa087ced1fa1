// The playground: its form comes from the API's description, its code and its address follow the form.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { settled, useConsole, wideThings } from "./support/console.mjs";
import { refusal } from "./support/fake_api.mjs";

const world = useConsole();
const PATH = "/console/playground";
const lastCall = () =>
  JSON.parse(world.fake.requests.findLast((one) => one.path === "/api/v1/console/playground").body);

async function openPlayground(t, path = PATH, options = {}) {
  const page = await world.open(t, path, options);
  await settled(page);
  return page;
}

test("the form has what the description has: endpoints, parameters, enums, defaults, words", async (t) => {
  const page = await openPlayground(t);
  assert.deepEqual(await page.getByLabel("Endpoint").locator("option").allInnerTexts(), [
    "Retrieve TikTok popular-trend hashtags",
    "Tell where a hashtag stood in each capture of a list",
    "Tell what moved between two captures of a list",
    "List countries, industries, periods and capture times",
  ]);
  assert.deepEqual(await page.getByLabel("period").locator("option").allInnerTexts(), [
    "7 (default)",
    "7",
    "30",
    "120",
  ]);
  assert.equal(await page.getByLabel("limit").getAttribute("placeholder"), "20");
  await page.getByText("Number of results per page; must be an integer (it is clamped to 1-100).").waitFor();
  await page.getByText("8 credits · ").waitFor();
  await page.getByLabel("Endpoint").selectOption({ index: 1 });
  assert.equal(await page.getByLabel("hashtag_name").getAttribute("required"), "");
  await page.getByLabel("Endpoint").selectOption({ index: 3 });
  await page.getByText("Free · ").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a call shows status, time, cost, headers and its body in three views", async (t) => {
  const page = await openPlayground(t);
  await page.getByLabel("country_code").fill("US");
  await page.getByRole("button", { name: "Send" }).click();
  const answer = page.getByRole("region", { name: "Answer" });
  await answer.getByText("200 OK").waitFor();
  assert.deepEqual(lastCall(), {
    operation_id: "tiktok-popular-trend-hashtag",
    parameters: { country_code: "US" },
  });
  assert.match(await answer.innerText(), /3 ms[\s\S]*8 credits charged[\s\S]*x-credits-remaining\s+7104/);
  await page.getByText("8 credits · 7,104 left").waitFor();
  await answer.getByText("list:").click();
  await answer.getByText("[20]").waitFor();
  await answer.getByRole("tab", { name: "Raw" }).click();
  assert.match(await answer.locator("pre").innerText(), /^\{"code":200/);
  await page.keyboard.press("ArrowRight");
  await answer.getByRole("columnheader", { name: "hashtag_name" }).waitFor();
  assert.equal(await answer.locator("tbody tr").count(), 20);
  assert.equal(await page.locator("img").count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("every view of an answer fits a narrow window", async (t) => {
  const page = await openPlayground(t, `${PATH}?country_code=US`, { viewport: { width: 320, height: 800 } });
  await page.getByRole("button", { name: "Send" }).click();
  for (const name of ["Raw", "Table", "Tree"]) {
    await page.getByRole("tab", { name, exact: true }).click();
    assert.deepEqual(await wideThings(page), [], name);
  }
});

test("the API's own refusal is shown, and that it was not charged", async (t) => {
  const page = await openPlayground(t, `${PATH}?period=120`);
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByText("400 Bad Request").waitFor();
  await page.getByText("Not charged", { exact: true }).waitFor();
  await page.getByText("must be 7 or 30", { exact: false }).first().waitFor();
});

test("without an active key it leads to the keys", async (t) => {
  for (const key of world.fake.keys) key.is_active_key = false;
  const page = await openPlayground(t);
  await page.getByRole("link", { name: "choose one" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Send" }).isDisabled(), true);
  world.fake.reset();
  await page.reload();
  await settled(page);
  world.fake.override.set("POST /api/v1/console/playground", () => refusal(409, "no_active_key", "No active key"));
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("link", { name: "Choose or create one" }).waitFor();
});

test("the address is the form, and opens it again; no key is in it", async (t) => {
  const page = await openPlayground(t, PATH, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.getByLabel("limit").fill("50");
  await page.getByLabel("period").selectOption("30");
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.getByText("Copied", { exact: true }).waitFor();
  const link = new URL(await page.evaluate(() => navigator.clipboard.readText()));
  assert.equal(link.search, "?operation=tiktok-popular-trend-hashtag&limit=50&period=30");
  assert.equal(page.url(), link.href);
  const other = await openPlayground(t, link.pathname + link.search);
  assert.equal(await other.getByLabel("limit").inputValue(), "50");
  assert.equal(await other.getByLabel("period").inputValue(), "30");
});

test("the last ten calls can be looked at again, with their form", async (t) => {
  const page = await openPlayground(t);
  for (let limit = 1; limit <= 11; limit++) {
    await page.getByLabel("limit").fill(String(limit));
    await page.getByRole("button", { name: "Send" }).click();
    await page
      .getByRole("row")
      .filter({ hasText: `limit=${limit}` })
      .first()
      .waitFor();
  }
  const rows = page.getByRole("table", { name: "Last calls, newest first" }).locator("tbody tr");
  assert.equal(await rows.count(), 10);
  await rows.last().getByRole("button").click();
  assert.equal(await page.getByLabel("limit").inputValue(), "2");
  assert.match(await page.getByRole("region", { name: "Answer" }).innerText(), /limit=2/);
});

// A value that would break out of a string, a shell word or an address, where it could.
const HOSTILE = "a\"b'c$(id)`id`\\d&e=f 東%";

test("code in five languages follows the form, names the variable, and holds no key", async (t) => {
  const page = await openPlayground(t, `${PATH}?country_code=${encodeURIComponent(HOSTILE)}&limit=3`);
  const code = {};
  for (const name of ["curl", "TypeScript", "Python", "Go", "C"]) {
    await page.getByRole("tab", { name, exact: true }).click();
    code[name] = await page.locator(".code pre").textContent();
    assert.match(code[name], /TRENDGATE_API_KEY/, name);
    assert.doesNotMatch(code[name], /tg_live_/, name);
  }
  const ran = spawnSync("sh", ["-c", `curl() { printf '%s\\n' "$@"; }\n${code.curl}`], {
    env: { TRENDGATE_API_KEY: "k", PATH: process.env.PATH },
    encoding: "utf-8",
  });
  const [address, , header] = ran.stdout.split("\n");
  assert.equal(new URL(address).searchParams.get("country_code"), HOSTILE);
  assert.equal(header, "x-api-key: k");
  const python = code.Python.replace("import urllib.request", "import urllib.request, types").replace(
    /with urllib[\s\S]*$/,
    "print(request.full_url)",
  );
  const said = spawnSync("python3", ["-c", python], {
    env: { ...process.env, TRENDGATE_API_KEY: "k", PYTHONUTF8: "1" },
    encoding: "utf-8",
  });
  assert.equal(new URL(said.stdout.trim()).searchParams.get("country_code"), HOSTILE, said.stderr);
  const c = spawnSync("gcc", ["-fsyntax-only", "-Wall", "-Werror", "-xc", "-"], {
    input: code.C,
    encoding: "utf-8",
  });
  assert.equal(c.status, 0, c.stderr);
  const url = new Function("fetch", "process", "console", `return (async () => { ${code.TypeScript}; })()`);
  let fetched;
  await url(
    (address) => {
      fetched = address;
      return { ok: true, json: () => ({ data: 1 }) };
    },
    { env: {} },
    { log() {} },
  );
  assert.equal(fetched.searchParams.get("country_code"), HOSTILE);
});
