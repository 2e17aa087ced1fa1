// Both API documents, as the linters of the trade see them: not one error, not one warning.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { Place, runTool } from "./support/server.mjs";

let place;
const files = {};

before(async () => {
  place = new Place();
  const server = await place.serve();
  for (const name of ["openapi", "swagger"])
    files[name] = place.write(`${name}.json`, await (await server.ask(`/${name}.json`)).text());
  place.write("redocly.yaml", "extends:\n  - recommended\n");
  place.write(".spectral.yaml", "extends: ['spectral:oas']\n");
});

after(() => place.close());

const quietly = () => ({ cwd: place.folder, env: { REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" } });

function redocly(file) {
  const done = runTool("redocly", ["lint", "--config", "redocly.yaml", "--format", "json", file], quietly());
  const found = JSON.parse(done.output.slice(done.output.indexOf("{"), done.output.lastIndexOf("}") + 1));
  return { ...found.totals, problems: found.problems };
}

function spectral(file) {
  const done = runTool("spectral", ["lint", "--ruleset", ".spectral.yaml", "--fail-severity", "hint",
    "--format", "json", "--quiet", file], quietly());
  return { status: done.status, found: JSON.parse(done.output) };
}

for (const name of ["openapi", "swagger"]) {
  test(`redocly finds nothing in ${name}.json`, () => {
    const found = redocly(files[name]);
    assert.deepEqual([found.errors, found.warnings], [0, 0], JSON.stringify(found.problems, null, 1));
  });

  test(`spectral finds nothing in ${name}.json`, () => {
    const { status, found } = spectral(files[name]);
    assert.deepEqual(found, []);
    assert.equal(status, 0);
  });
}

test("the linters can find something", () => {
  const broken = JSON.parse(readFileSync(files.openapi, "utf8"));
  delete broken.info.license;
  delete broken.paths["/ping"].get.summary;
  broken.paths["/ready"].get.tags = ["Nowhere"];
  const file = place.write("broken.json", JSON.stringify(broken));
  const found = redocly(file);
  assert.ok(found.errors > 0 && found.warnings > 0, JSON.stringify(found));
  assert.notEqual(spectral(file).found.length, 0);
});
