// What the documents say: the same as each other, as the customer's page, and as their own examples.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { assertValid, documentsOf, operationsOf } from "./support/documents.mjs";
import { EXAMPLE, FAILURES, PARAMETERS, PLAN_ROWS, RESPONSE_ROWS, SENTENCE, SUMMARY } from "./support/reference.mjs";
import { Place } from "./support/server.mjs";

const HASHTAG = "/api/v1/tiktok/popular-trend/hashtag";
let place, server, both, openapi, swagger;

before(async () => {
  place = new Place();
  server = await place.serve();
  both = await documentsOf(server);
  [openapi, swagger] = both;
});

after(() => place.close());

const sorted = (names) => [...names].sort();

test("they say what they are, and where the service is", () => {
  assert.match(openapi.document.openapi, /^3\.1\./);
  assert.equal(swagger.document.swagger, "2.0");
  assert.deepEqual(openapi.document.servers, [{ url: server.url }]);
  assert.equal(`${swagger.document.schemes[0]}://${swagger.document.host}`, server.url);
  assert.equal(swagger.document.basePath, "/");
});

test("a public URL stands in both of them", async () => {
  const elsewhere = new Place();
  const other = await elsewhere.serve({ settings: { TRENDGATE_SERVER_PUBLIC_URL: "https://api.example.org" } });
  const [first, second] = await documentsOf(other);
  await elsewhere.close();
  assert.deepEqual(first.document.servers, [{ url: "https://api.example.org" }]);
  assert.deepEqual([second.document.schemes, second.document.host], [["https"], "api.example.org"]);
});

test("paths, operations and tags are the same", () => {
  const facts = both.map((described) => operationsOf(described).map(([path, operation]) =>
    [path, operation.operationId, operation.tags, operation.summary, operation.description, operation.security]));
  assert.deepEqual(facts[0], facts[1]);
  const paths = Object.keys(openapi.document.paths);
  for (const path of [HASHTAG, "/api/v1/billing/me", "/ping", "/ready", "/api/v1/ping", "/api/v1/ready"])
    assert.ok(paths.includes(path), path);
  const hashtag = openapi.document.paths[HASHTAG].get;
  assert.equal(hashtag.operationId, "tiktok-popular-trend-hashtag");
  assert.deepEqual(hashtag.tags, ["TikTok", "TikTok Popular Trend"]);
});

test("parameters are the same", () => {
  const facts = both.map((described) => operationsOf(described).map(([path, operation]) =>
    [path, operation.parameters.map((parameter) =>
      [parameter.name, parameter.in, parameter.required, JSON.stringify(described.typeOf(parameter))])]));
  assert.deepEqual(facts[0], facts[1]);
});

test("statuses, their schemas and headers are the same", () => {
  const facts = both.map((described) => operationsOf(described).map(([path, operation]) =>
    [path, Object.entries(operation.responses).map(([status, answer]) =>
      [status, described.schemaOf(answer)?.$ref.split("/").at(-1), Object.keys(answer.headers),
        answer["x-reasons"]])]));
  assert.deepEqual(facts[0], facts[1]);
});

test("definitions have the same fields, and only OpenAPI calls those of the page required", () => {
  assert.deepEqual(sorted(Object.keys(openapi.definitions)), sorted(Object.keys(swagger.definitions)));
  for (const name of ["app.Response", "populartrend.hashtagTrendResponseDoc", "popularTrend.HashtagTrendResp"])
    assert.ok(name in swagger.definitions, name);
  const item = (described) =>
    described.definitions["popularTrend.HashtagTrendResp"].properties.data.properties.list.items;
  assert.deepEqual(Object.keys(item(openapi).properties), Object.keys(item(swagger).properties));
  assert.equal(item(swagger).required, undefined);
  const optional = Object.keys(item(openapi).properties).filter((name) => !item(openapi).required.includes(name));
  assert.deepEqual(sorted(optional), ["creators", "industry_info"]);
  for (const described of both) {
    const properties = item(described).properties;
    assert.equal(properties.rank_diff.minimum, 0, "rank_diff has no sign");
    assert.deepEqual(properties.rank_diff_type.enum, [1, 2, 3, 4]);
    assert.equal(properties.hashtag_id.type, "string");
    for (const large of [properties.video_views, properties.publish_cnt, properties.industry_info.properties.id])
      assert.equal(large.format, "int64");
  }
});

test("the list's parameters are those of the customer's page", () => {
  for (const described of both) {
    const known = described.document.paths[HASHTAG].get.parameters.filter((parameter) => parameter.in === "query");
    assert.deepEqual(known.map((parameter) => parameter.name), PARAMETERS.map((parameter) => parameter.name));
    known.forEach((parameter, i) => {
      const type = described.typeOf(parameter);
      assert.equal(parameter.required, false);
      assert.equal(type.type, PARAMETERS[i].type);
      assert.equal(type.example, PARAMETERS[i].example);
      assert.ok(parameter.description.startsWith(PARAMETERS[i].description), parameter.description);
      if (PARAMETERS[i].enum) assert.deepEqual(type.enum, PARAMETERS[i].enum);
      // A client that checks before it sends would refuse what the server clamps.
      assert.equal(type.minimum ?? type.maximum, undefined);
    });
  }
});

test("Swagger has the page's own words", () => {
  const operation = swagger.document.paths[HASHTAG].get;
  assert.equal(operation.summary, SUMMARY);
  assert.ok(operation.description.startsWith(SENTENCE));
  for (const [status, description] of FAILURES) assert.equal(operation.responses[status].description, description);
  operation.parameters.slice(0, PARAMETERS.length).forEach((parameter, i) =>
    assert.equal(parameter.description, PARAMETERS[i].description));
});

/** The dotted rows of a definition, as the customer's page writes them. */
function rowsOf(definitions, root) {
  const rows = [];
  const pending = [["", definitions[root]]];
  while (pending.length) {
    const [way, schema] = pending.pop();
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const path = way ? `${way}.${name}` : name;
      const reference = property.$ref?.split("/").at(-1);
      const inner = reference ? definitions[reference] : property;
      rows.push([path, reference ?? property.type]);
      pending.push(inner.type === "array" ? [`${path}[]`, inner.items] : [path, inner]);
    }
  }
  return rows.map((row) => row.join(" ")).sort();
}

test("the answer's fields are those of the customer's page", () => {
  const wanted = RESPONSE_ROWS.map(([path, type]) => `${path} ${type}`).sort();
  for (const described of both)
    assert.deepEqual(rowsOf(described.definitions, "populartrend.hashtagTrendResponseDoc"), wanted);
});

test("the example is the customer's, letter by letter", async () => {
  for (const described of both) {
    const [example] = described.examplesOf(described.document.paths[HASHTAG].get.responses[200]);
    assert.deepEqual(example, EXAMPLE);
  }
  const written = await (await server.ask("/openapi.json")).text();
  assert.ok(written.includes(JSON.stringify(EXAMPLE, null, 2)), "with its order and its indents");
});

test("every example validates, and each answer but 304 has a schema", () => {
  let examples = 0;
  for (const described of both)
    for (const [path, operation] of operationsOf(described))
      for (const [status, answer] of Object.entries(operation.responses)) {
        assert.equal(described.schemaOf(answer) === undefined, status === "304", `${path} ${status}`);
        for (const example of described.examplesOf(answer)) {
          assertValid(described, answer, example, `${path} ${status}`);
          examples++;
        }
      }
  assert.ok(examples > 50, `${examples} examples`);
});

test("the examples of headers are what such an answer would say", () => {
  for (const described of both)
    for (const [path, operation] of operationsOf(described))
      for (const [status, { headers = {} }] of Object.entries(operation.responses)) {
        const of = `${described.name} ${path} ${status}`;
        const example = (name) => headers[name] && (headers[name].example ?? headers[name]["x-example"]);
        if (headers["X-Credits-Charged"])
          assert.equal(example("X-Credits-Charged"), status === "200" ? operation["x-credit-cost"] : 0, of);
        if (status !== "429") continue;
        assert.equal(example("X-RateLimit-Remaining"), 0, of);
        assert.equal(example("RateLimit"), `"minute";r=0;t=${example("Retry-After")}`, of);
        assert.equal(example("X-RateLimit-Reset"), example("Retry-After"), of);
      }
});

test("a wrong answer does not validate", () => {
  const wrong = structuredClone(EXAMPLE);
  wrong.data.data.list[0].rank_diff = -1;
  for (const described of both)
    assert.throws(() => assertValid(described, described.document.paths[HASHTAG].get.responses[200], wrong, "wrong"));
});

test("prices, limits and the plan table are those of the plan file", () => {
  for (const { document } of both) {
    assert.equal(document.paths[HASHTAG].get["x-credit-cost"], 8);
    assert.match(document.paths[HASHTAG].get.description, /Costs 8 credits/);
    for (const row of PLAN_ROWS) assert.ok(document.info.description.includes(`| ${row.join(" | ")} |`), row[0]);
    assert.deepEqual(document["x-plans"][1], { name: "Starter", price_cents: 900, included_credits: 20000,
      daily_credit_cap: 5000, rate_limit_per_minute: 15, overage: "opt_in", overage_cents_per_1000: 75 });
  }
});

test("where a key is asked for, the scheme says so; elsewhere none is", () => {
  for (const { document } of both) {
    const scheme = (document.components?.securitySchemes ?? document.securityDefinitions).ApiKeyAuth;
    assert.deepEqual([scheme.type, scheme.in, scheme.name], ["apiKey", "header", "x-api-key"]);
    assert.deepEqual(document.paths[HASHTAG].get.security, [{ ApiKeyAuth: [] }]);
    assert.deepEqual(document.paths["/ping"].get.security, []);
  }
});
