// Every program on the page runs as it stands: it is taken from the page, the key is put in, and
// the running server answers it.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { openPlace, readPage } from "./docs_world.mjs";
import { startBrowser } from "./support/browser.mjs";
import { roomInTheDay } from "./support/day.mjs";
import { CHECKOUT } from "./support/server.mjs";

const PATIENCE_MS = 120000;
const PRICE = 8;

let place, server, code, unrun;

before(async () => {
  place = await openPlace();
  server = place.server;
  const browser = await startBrowser();
  code = (await readPage(browser, `${server.url}/docs`)).code;
  await browser.close();
  unrun = new Set(Object.keys(code));
});
beforeEach(roomInTheDay);
after(() => place?.close());

// The example itself, and its key, where it has one in it.
function take(id) {
  assert.ok(code[id], `there is an example called ${id}`);
  unrun.delete(id);
  return code[id].replaceAll("<api-key>", place.key);
}

// Not spawnSync: nothing here may stand still while the server writes its log.
function run(words, { status = 0, environment = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(words[0], words.slice(1), {
      cwd: place.folder,
      env: { ...process.env, TRENDGATE_API_KEY: place.key, ...environment },
      timeout: PATIENCE_MS,
    });
    let stdout = "", stderr = "";
    child.stdout.on("data", (bytes) => (stdout += bytes));
    child.stderr.on("data", (bytes) => (stderr += bytes));
    child.on("error", reject);
    child.on("exit", (code) => code === status ? resolve(stdout)
      : reject(new Error(`${words.join(" ")} ended with ${code}: ${stdout.slice(0, 400)} ${stderr}`)));
  });
}

async function used() {
  const answer = await fetch(`${server.url}/api/v1/billing/me`, { headers: { "x-api-key": place.key } });
  return (await answer.json()).data.credits_used;
}

// Runs what is given and returns what it gives; it must be charged for so many calls.
async function charged(calls, act) {
  const before = await used();
  const result = await act();
  assert.equal(await used() - before, calls * PRICE, `charged for ${calls} calls`);
  return result;
}

function isAnswer(json) {
  const answer = JSON.parse(json);
  assert.equal(answer.code, 200);
  assert.equal(answer.data.data.list.length, 50);
  assert.equal(answer.data.data.list[0].country_info.id, "US");
}

test("curl, in a shell", async () => {
  isAnswer(await charged(1, () => run(["sh", "-c", take("curl")])));
});

test("TypeScript, checked strictly, under Node", async () => {
  const file = place.write("example.ts", `${take("typescript")}\nconsole.log(JSON.stringify(payload));\nexport {};\n`);
  const compiler = join(CHECKOUT, "tests/node/node_modules/.bin/tsc");
  await run([compiler, "--strict", "--target", "es2022", "--module", "es2022", "--lib", "es2022,dom,dom.iterable",
    "--outDir", place.folder, file]);
  renameSync(join(place.folder, "example.js"), join(place.folder, "example.mjs"));
  isAnswer(await charged(1, () => run([process.execPath, "example.mjs"])));
});

test("Python", async () => {
  const printed = await charged(1, () => run(["python3", place.write("example.py", take("python"))]));
  assert.equal(printed.trim().split("\n").length, 50);
  assert.match(printed, /^1 \S/);
});

test("C, compiled with libcurl and every warning", async () => {
  const source = place.write("hashtags.c", take("c"));
  const program = join(place.folder, "hashtags");
  await run(["cc", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o", program, source, "-lcurl"]);
  isAnswer(await charged(1, () => run([program])));
  await run([program], { status: 1, environment: { TRENDGATE_API_KEY: "" } });
});

const hasGo = spawnSync("go", ["version"]).status === 0;

// Debian's golang-go is 250 MB for this one program, so ./dev does not install it.
test("Go", { skip: hasGo ? false : "there is no go here" }, async () => {
  const source = place.write("main.go", take("go"));
  const environment = { GOCACHE: join(place.folder, "go"), GOFLAGS: "-mod=mod" };
  isAnswer(await charged(1, () => run(["go", "run", source], { environment })));
});

test("page by page: all hashtags, once each, and no page is paid twice", async () => {
  const file = place.write("paging.py", take("paging-python"));
  const printed = await charged(2, () => run(["python3", file]));
  const ranks = printed.trim().split("\n").map((line) => Number(line.split(" ")[0]));
  assert.deepEqual(ranks, Array.from({ length: 100 }, (_, index) => index + 1));
});

test("with retries", async () => {
  const file = place.write("retry.py", take("retry-python"));
  const printed = await charged(1, () => run(["python3", file]));
  assert.equal(printed.trim(), `charged ${PRICE}`);
});

test("with If-None-Match: 200, then 304 at no charge, and the list is kept", async () => {
  const script = take("conditional");
  assert.equal((await charged(1, () => run(["sh", "-c", script]))).trim(), "200");
  assert.equal((await charged(0, () => run(["sh", "-c", script]))).trim(), "304");
  assert.equal((await charged(0, () => run(["sh", "-c", script]))).trim(), "304");
  isAnswer(readFileSync(join(place.folder, "hashtags.json"), "utf-8"));
});

test("no program on the page was left out", () => {
  unrun.delete("response"); // what is answered, not what is asked
  if (!hasGo) unrun.delete("go");
  assert.deepEqual([...unrun], []);
});
