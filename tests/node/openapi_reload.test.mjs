// One price changed in the plan file: both documents and the refusals say the new one together. A
// plan file with a fault: everything stays as it was.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { roomInTheDay } from "./support/day.mjs";
import { documentsOf } from "./support/documents.mjs";
import { Place, SHIPPED_PLANS } from "./support/server.mjs";

const HASHTAG = "/api/v1/tiktok/popular-trend/hashtag";
let place, server;

before(async () => {
  place = new Place();
  server = await place.serve();
});

beforeEach(roomInTheDay);

after(() => place.close());

function changed(from, to) {
  assert.ok(SHIPPED_PLANS.includes(from), `the shipped plan file says ${from}`);
  return SHIPPED_PLANS.replace(from, to);
}

/** What the documents, their tags and a refusal of the key's say of the prices. */
async function said(key) {
  const both = await documentsOf(server);
  const refused = await server.ask(HASHTAG, { key });
  const { data } = await refused.json();
  return {
    costs: both.map(({ document }) => document.paths[HASHTAG].get["x-credit-cost"]),
    sentences: both.map(({ document }) => /Costs ([0-9]+) credits/.exec(document.paths[HASHTAG].get.description)[1]),
    starter: both.map(({ document }) => document["x-plans"][1].price_cents),
    rows: both.map(({ document }) => /\| Starter \| (\S+) /.exec(document.info.description)[1]),
    refused: [refused.status, data.reason, data.credit_cost, data.daily_credit_limit],
    tags: await Promise.all(["/openapi.json", "/swagger.json", "/swagger/doc.json"].map(async (path) =>
      (await server.ask(path)).headers.get("etag"))),
  };
}

test("a new price is in both documents and in the refusal, at once", async () => {
  // 400 credits a call: one call, and the Free plan's 500 a day do not pay for a second.
  place.write("plans.ini", changed("credits = 8", "credits = 400"));
  assert.match(await server.reload(), /in force anew/);
  const key = place.newKey("Free", "exhausted@example.com");
  assert.equal((await server.ask(HASHTAG, { key })).status, 200);
  const before400 = await said(key);
  assert.deepEqual(before400.costs, [400, 400]);
  assert.deepEqual(before400.refused, [402, "daily_credit_limit", 400, 500]);

  place.write("plans.ini", changed("credits = 8", "credits = 300").replace("price_cents = 900", "price_cents = 1150"));
  assert.match(await server.reload(), /in force anew/);
  const after300 = await said(key);
  assert.deepEqual(after300.costs, [300, 300]);
  assert.deepEqual(after300.sentences, ["300", "300"]);
  assert.deepEqual(after300.refused, [402, "daily_credit_limit", 300, 500]);
  assert.deepEqual(after300.starter, [1150, 1150]);
  assert.deepEqual(after300.rows, ["$11.50/mo", "$11.50/mo"]);
  after300.tags.forEach((tag, i) => assert.notEqual(tag, before400.tags[i], "a new document has a new tag"));
  assert.equal(after300.tags[1], after300.tags[2], "two paths, one document");
});

test("a plan file with a fault changes nothing", async () => {
  const key = place.newKey("Free", "steady@example.com");
  const before = await said(key);
  for (const fault of ["price_cents = much", "price_cents = -1", "[plan"]) {
    place.write("plans.ini", changed("credits = 8", "credits = 9").replace("price_cents = 900", fault));
    assert.match(await server.reload(), /nothing is reloaded/);
  }
  // Well written, but an account is on the plan that it lacks.
  place.write("plans.ini", changed("credits = 8", "credits = 9").replace(/\[plan Free\][^[]*/, ""));
  assert.match(await server.reload(), /nothing is reloaded.*Free/);
  const after = await said(key);
  assert.deepEqual({ ...after, refused: 0 }, { ...before, refused: 0 });
});

test("a tag that is current is answered 304, and a client that has none gets all of it", async () => {
  for (const path of ["/openapi.json", "/swagger.json"]) {
    const whole = await server.ask(path);
    const { headers } = whole;
    assert.equal(headers.get("cache-control"), "no-cache");
    assert.equal(headers.get("vary"), "Accept-Encoding");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("access-control-allow-origin"), "*");
    assert.equal(headers.get("content-encoding"), "gzip");
    assert.match(headers.get("content-type"), /^application\/json/);
    const plain = await server.ask(path, { headers: { "accept-encoding": "identity" } });
    assert.equal(plain.headers.get("content-encoding"), null);
    assert.equal(await plain.text(), await whole.text());
    assert.equal(plain.headers.get("etag"), headers.get("etag"));
    const again = await server.ask(path, { headers: { "if-none-match": headers.get("etag") } });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), "");
    assert.equal((await server.ask(path, { headers: { "if-none-match": 'W/"other"' } })).status, 200);
    const byDate = { "if-modified-since": "Fri, 31 Dec 2100 00:00:00 GMT" };
    assert.equal((await server.ask(path, { headers: byDate })).status, 200, "a plan file has no date");
    const head = await server.ask(path, { method: "HEAD" });
    assert.deepEqual([head.status, await head.text()], [200, ""]);
    assert.equal((await server.ask(path, { method: "POST" })).status, 405);
    assert.equal((await server.ask(path, { method: "OPTIONS" })).status, 204);
  }
});

test("documents take no slot and tell nothing of an account", async () => {
  const key = place.newKey("Free", "reader@example.com");
  for (let i = 0; i < 8; i++) {
    const answer = await server.ask("/openapi.json", { key });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("x-ratelimit-limit"), null);
  }
  const call = await server.ask(HASHTAG, { key });
  assert.equal(call.headers.get("x-ratelimit-remaining"), "4");
});
