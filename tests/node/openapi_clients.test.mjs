// Clients that customers generate of the documents: they compile strictly, and they work.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { CHECKOUT, Place, runTool } from "./support/server.mjs";

const TESTS = join(CHECKOUT, "tests/node");
let place, server, folder;

function succeed(name, words) {
  const done = runTool(name, words, { cwd: folder });
  assert.equal(done.status, 0, `${name} ${words.join(" ")}: ${done.output}`);
  return done.output;
}

before(async () => {
  place = new Place();
  server = await place.serve();
  folder = join(place.folder, "clients");
  cpSync(join(TESTS, "clients"), folder, { recursive: true });
  symlinkSync(join(TESTS, "node_modules"), join(place.folder, "node_modules"));
  mkdirSync(join(folder, "generated"));
  for (const name of ["openapi", "swagger"])
    place.write(`${name}.json`, await (await server.ask(`/${name}.json`)).text());
  place.write("package.json", '{ "type": "module" }');
});

after(() => place.close());

/** What the program prints when it calls the running server. */
function run(program, plan) {
  const key = place.newKey(plan);
  return JSON.parse(succeed(process.execPath, [`out/${program}.js`, server.url, key]));
}

function check(said, plan) {
  assert.equal(said.names.length, 3);
  assert.equal(said.charged, "8");
  assert.equal(said.refused, "invalid_input");
  assert.equal(said.plan, plan);
  assert.ok(said.total >= 3);
}

test("both clients are generated and compile under --strict", () => {
  succeed("swagger-typescript-api", ["generate", "--path", "../swagger.json", "--output", "generated",
    "--name", "Api.ts", "--silent"]);
  succeed("openapi-typescript", ["../openapi.json", "--output", "generated/openapi.d.ts"]);
  succeed("tsc", ["--strict", "--project", "tsconfig.json"]);
});

test("the client of swagger-typescript-api calls the server", () => {
  check(run("generated_client", "Growth"), "Growth");
});

test("the one typed by openapi-typescript and openapi-fetch does too", () => {
  check(run("typed_fetch", "Pro"), "Pro");
});
