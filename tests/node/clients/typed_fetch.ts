// What a customer writes with openapi-fetch and the types that openapi-typescript makes of /openapi.json.
import createClient from "openapi-fetch";
import type { paths } from "./generated/openapi.js";

const [, , url, key] = process.argv;
if (!url || !key) throw new Error("usage: typed_fetch URL KEY");

const client = createClient<paths>({ baseUrl: url, headers: { "x-api-key": key } });

const { data, response } = await client.GET("/api/v1/tiktok/popular-trend/hashtag", {
  params: { query: { country_code: "US", limit: 3, period: 7 } },
});
if (!data) throw new Error(`no list: ${response.status}`);
// What is always there is typed so: no question marks on the way.
const names: string[] = data.data.data.list.map((item) => item.hashtag_name);
const industry: string | undefined = data.data.data.list[0]?.industry_info?.value;
const total: number = data.data.data.pagination.total;
const charged = response.headers.get("x-credits-charged");

const refused = await client.GET("/api/v1/tiktok/popular-trend/hashtag", {
  // @ts-expect-error: 8 is none of the periods
  params: { query: { period: 8 } },
});
const reason: string | undefined = refused.error?.data.reason;

const account = await client.GET("/api/v1/billing/me");
const plan: string | undefined = account.data?.data.plan;

console.log(JSON.stringify({ names, total, charged, refused: reason, plan, industry: typeof industry }));
