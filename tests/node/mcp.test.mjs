// POST /mcp as agents meet it: the protocol's own clients list and call the tools of a running server, under each
// revision that they speak, and read refusals as tool errors.
import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { Client as Client1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as Transport1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { roomInTheDay } from "./support/day.mjs";
import { Place, until } from "./support/server.mjs";

const LIST = "tiktok-popular-trend-hashtag";
const META = "tiktok-popular-trend-country-industry-meta";
const ENDPOINT = "/api/v1/tiktok/popular-trend/hashtag";
const PLANS = `[plan Slow]
price_cents = 0
included_credits = 1000
daily_credit_cap = 0
rate_limit_per_minute = 3
overage = none
[plan Small]
price_cents = 100
included_credits = 20
daily_credit_cap = 0
rate_limit_per_minute = 1000
overage = none
[plan Big]
price_cents = 900
included_credits = 100000
daily_credit_cap = 0
rate_limit_per_minute = 1000
overage = none
[endpoint tiktok-popular-trend-hashtag]
credits = 8
[endpoint tiktok-popular-trend-hashtag-history]
credits = 8
[endpoint tiktok-popular-trend-hashtag-movers]
credits = 8
`;

let place;
let server;
let accounts = 0;

before(async () => {
  place = new Place({ plans: PLANS });
  server = await place.serve();
});

beforeEach(roomInTheDay);

after(() => place.close());

const newKey = (plan) => place.newKey(plan, `agent${++accounts}@example.com`);

/** A client of the first generation, which opens with initialize. */
async function connectFirst(headers) {
  const client = new Client1({ name: "test", version: "1" });
  await client.connect(new Transport1(new URL("/mcp", server.url), { requestInit: { headers } }));
  return client;
}

/** One of the second, made to speak the revision that has no handshake. */
async function connectSecond(headers) {
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", server.url), { requestInit: { headers } }));
  assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
  return client;
}

const needs20 = Number(process.versions.node.split(".")[0]) < 20 && "this client wants Node 20";
const GENERATIONS = [["@modelcontextprotocol/sdk", connectFirst, false],
  ["@modelcontextprotocol/client", connectSecond, needs20]];

/** One test for each client; connect(key) makes one that sends the key as a bearer token. */
function testEach(label, play) {
  for (const [name, connect, skip] of GENERATIONS)
    test(`${label} (${name})`, { skip }, async () => {
      const clients = [];
      const open = async (key, headers = key ? { Authorization: `Bearer ${key}` } : {}) => {
        clients.push(await connect(headers));
        return clients.at(-1);
      };
      try {
        await play(open);
      } finally {
        for (const client of clients) await client.close();
      }
    });
}

/** A list that was delivered; the client itself has held it against the tool's outputSchema. */
function delivered(result) {
  assert.ok(!result.isError, JSON.stringify(result.content));
  assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent);
  return result.structuredContent.data;
}

/** A refusal: in words for the model, and as REST has it for its program. */
function refused(result, status, reason) {
  assert.equal(result.isError, true);
  assert.equal(result.structuredContent.code, status);
  assert.equal(result.structuredContent.data.reason, reason);
  assert.match(result.content[0].text, new RegExp(`^Refused \\(${reason}\\), nothing was charged\\. `));
  return result.content[0].text;
}

testEach("an agent without a key sees the tools, and no more", async (open) => {
  const client = await open();
  assert.equal(client.getServerVersion().name, "trendgate");
  assert.match(client.getInstructions(), /API key/);
  assert.deepEqual((await client.listTools()).tools.map((tool) => tool.name),
    [LIST, `${LIST}-history`, `${LIST}-movers`, META]);
  await assert.rejects(client.callTool({ name: LIST, arguments: {} }), /401|key is required|Unauthorized/);
});

testEach("every schema of a tool is one of 2020-12, and holds what its calls answer", async (open) => {
  const client = await open(newKey("Big"));
  for (const tool of (await client.listTools()).tools) {
    const ajv = addFormats.default(new Ajv2020.default({ strict: true, strictTypes: false, allErrors: true }),
      { mode: "full" });
    ajv.addFormat("int64", { type: "number", validate: Number.isInteger });
    const input = ajv.compile(tool.inputSchema);
    const output = ajv.compile(tool.outputSchema);
    const needed = Object.fromEntries((tool.inputSchema.required ?? []).map((name) =>
      [name, tool.inputSchema.properties[name].examples[0]]));
    assert.ok(input(needed));
    assert.equal(input({}), Object.keys(needed).length === 0);
    assert.ok(!input({ ...needed, nonsense: 1 }));
    const good = await client.callTool({ name: tool.name, arguments: needed });
    assert.ok(output(good.structuredContent), JSON.stringify(output.errors));
    const bad = await client.callTool({ name: tool.name, arguments: { nonsense: 1 } });
    refused(bad, 400, "invalid_input");
    assert.ok(output(bad.structuredContent), JSON.stringify(output.errors));
    assert.ok(!output({ code: "200" }));
  }
});

testEach("a tool call is the list that REST has, for the same credits", async (open) => {
  const key = newKey("Big");
  const client = await open(key);
  const rest = await (await server.ask(`${ENDPOINT}?limit=3&country_code=US&period=30`, { key })).json();
  const result = await client.callTool({ name: LIST, arguments: { limit: 3, country_code: "US", period: 30 } });
  assert.deepEqual(delivered(result).data, rest.data.data);
  assert.match(result.content[1].text, /^Captured at .*, source sample\. 8 credits charged; 99984 remain/);
  assert.ok(delivered(await client.callTool({ name: META, arguments: {} })).countries.length > 50);
  const told = await (await server.ask("/api/v1/billing/me", { key })).json();
  assert.equal(told.data.credits_used, 16);
});

testEach("the key is taken from x-api-key as well", async (open) => {
  const client = await open(null, { "x-api-key": newKey("Small") });
  delivered(await client.callTool({ name: LIST, arguments: { limit: 1 } }));
});

testEach("wrong arguments come back as a tool error that names what was meant", async (open) => {
  const client = await open(newKey("Big"));
  const words = refused(await client.callTool({ name: LIST, arguments: { country: "US", period: 8 } }),
    400, "invalid_input");
  assert.match(words, /did you mean country_code\?.*must be 7, 30 or 120/);
});

testEach("429 and 402 are tool errors that say when to come back", async (open) => {
  const slow = await open(newKey("Slow"));
  await slow.listTools(); // from then on the client holds results against their schemas
  for (let i = 0; i < 3; i++) delivered(await slow.callTool({ name: LIST, arguments: { limit: 1 } }));
  assert.match(refused(await slow.callTool({ name: LIST, arguments: {} }), 429, "rate_limited"),
    /Come back in [1-9][0-9]* seconds?, at 20[0-9T:-]+Z\./);
  const small = await open(newKey("Small"));
  await small.listTools();
  for (let i = 0; i < 2; i++) delivered(await small.callTool({ name: LIST, arguments: { limit: 1 } }));
  assert.match(refused(await small.callTool({ name: LIST, arguments: {} }), 402, "insufficient_credits"),
    /Come back in [0-9]+ seconds, at .*The plan Slow would have admitted this call: /);
});

testEach("a wrong key breaks the call off, and a tool that is none is an error of the protocol", async (open) => {
  const stranger = await open("tg_live_nonsense");
  await assert.rejects(stranger.callTool({ name: LIST, arguments: {} }), /401|not valid|Unauthorized/);
  const client = await open(newKey("Big"));
  await assert.rejects(client.callTool({ name: "nothing", arguments: {} }), { code: -32602 });
});

test("the second client finds the newest revision by itself", { skip: needs20 }, async () => {
  const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
  const client = new Client({ name: "test", version: "1" }, { versionNegotiation: { mode: "auto" } });
  await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", server.url)));
  assert.equal(client.getNegotiatedProtocolVersion(), "2026-07-28");
  await client.close();
});

test("what an agent did is in the books", async () => {
  // The first key is the schemas' test's: a list, movers, a history that is empty, what costs
  // nothing, and a refusal of each.
  const totals = () => JSON.parse(place.run("usage", "agent1@example.com", "--json")).totals;
  await until(() => totals().calls === 8, "the agent's calls are in its usage");
  assert.equal(totals().credits, 16);
  place.run("audit");
});
