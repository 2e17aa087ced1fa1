// What a customer writes with the client that swagger-typescript-api makes of /swagger.json.
import { Api } from "./generated/Api.js";

const [, , url, key] = process.argv;
if (!url || !key) throw new Error("usage: generated_client URL KEY");

const api = new Api({
  baseUrl: url,
  securityWorker: () => ({ headers: { "x-api-key": key } }),
});

const answer = await api.api.tiktokPopularTrendHashtag({ country_code: "US", limit: 3, period: 7 }, { secure: true });
const names: string[] = (answer.data.data?.data?.list ?? []).map((item) => item.hashtag_name ?? "");
const total: number | undefined = answer.data.data?.data?.pagination?.total;
const charged: string | null = answer.headers.get("x-credits-charged");

const refused = await api.api.tiktokPopularTrendHashtag({ period: 8 as 7 }, { secure: true }).then(
  () => undefined,
  (failure: { status: number; error: { code: number; data: { reason: string } } }) => failure,
);

const account = await api.api.billingMe({ secure: true });
const plan: string = account.data.data.plan;

console.log(JSON.stringify({ names, total, charged, refused: refused?.error.data.reason, plan }));
