// What the console ships: its weight, and that nothing in it needs a weaker policy.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const WEB = new URL("../../web/", import.meta.url);
const read = (name) => readFileSync(new URL(name, WEB));

for (const [name, most] of [
  ["dist/console.js", 40 * 1024],
  ["dist/console.css", 8 * 1024],
]) {
  test(`${name} keeps to its budget`, () => {
    const packed = gzipSync(read(name), { level: 9 }).length;
    assert.ok(packed > 1000 && packed <= most, `${packed} bytes packed, ${most} are the most`);
  });
}

test("nothing but preact is shipped, in exact versions", () => {
  const { dependencies, devDependencies } = JSON.parse(read("package.json"));
  assert.deepEqual(Object.keys(dependencies), ["preact"]);
  for (const version of Object.values({ ...dependencies, ...devDependencies }))
    assert.match(version, /^\d+\.\d+\.\d+$/);
});

test("the sources make no markup of text, set no style and store nothing", () => {
  for (const name of readdirSync(new URL("src/", WEB)).filter((file) => /\.tsx?$/.test(file))) {
    assert.doesNotMatch(
      read(`src/${name}`).toString(),
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\bstyle=|localStorage|sessionStorage|indexedDB|\beval\(|new Function/,
      name,
    );
  }
});
