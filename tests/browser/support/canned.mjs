// What a server would answer about an account with some weeks of use, and about one with none.
import { readFileSync } from "node:fs";

const DAY = 86_400_000;
const HOUR = 3_600_000;
export const ATTACK = "<img src=x onerror=alert(1)>";
export const OPENAPI = readFileSync(new URL("canned_openapi.json", import.meta.url), "utf-8");

export const second = (time) => new Date(time).toISOString().replace(/\.\d+Z$/, "Z");
const midnight = (time) => Math.floor(time / DAY) * DAY;

// The same numbers at every start: a test that fails fails again.
function dice(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export function cannedKey(id, name, changes = {}) {
  const now = Date.now();
  return {
    id,
    masked_key: `tg_live_8fQ${id}...x7K${id}`,
    key_prefix: `tg_live_8fQ${id}`,
    key_suffix: `x7K${id}`,
    name,
    status: "active",
    created_at: second(now - 40 * DAY),
    updated_at: second(now - 40 * DAY),
    rotated_at: null,
    stops_at: null,
    expires_at: null,
    last_used_at: null,
    last_used_ip: null,
    credits_this_period: 0,
    calls_24h: 0,
    daily_credit_cap: null,
    replaced_by: null,
    is_active_key: false,
    source: "created",
    ...changes,
  };
}

export function cannedKeys() {
  const now = Date.now();
  const ago = (milliseconds) => second(now - milliseconds);
  return [
    cannedKey("5", "staging", {
      created_at: ago(6 * DAY),
      daily_credit_cap: 800,
      last_used_at: ago(5 * DAY),
      last_used_ip: "2001:db8:85a3::8a2e:370:7334",
      credits_this_period: 1064,
    }),
    cannedKey("4", ATTACK, {
      created_at: ago(9 * DAY),
      expires_at: second(now + 81 * DAY),
      credits_this_period: 96,
      last_used_at: ago(3 * DAY),
      last_used_ip: "198.51.100.7",
    }),
    cannedKey("3", "production", {
      created_at: ago(12 * DAY),
      is_active_key: true,
      last_used_at: ago(4 * 60_000),
      last_used_ip: "203.0.113.10",
      credits_this_period: 9208,
      calls_24h: 148,
      source: "rotated",
    }),
    cannedKey("2", "nightly export", {
      status: "grace",
      created_at: ago(38 * DAY),
      rotated_at: ago(3 * HOUR),
      stops_at: second(now + 21 * HOUR + 60_000),
      last_used_at: ago(2 * HOUR),
      last_used_ip: "203.0.113.10",
      credits_this_period: 3120,
      calls_24h: 12,
      replaced_by: "3",
    }),
    cannedKey("1", "first try", {
      status: "revoked",
      created_at: ago(70 * DAY),
      last_used_at: ago(45 * DAY),
      last_used_ip: "203.0.113.4",
    }),
    cannedKey("0", "workshop", { status: "expired", created_at: ago(100 * DAY), expires_at: ago(70 * DAY) }),
  ];
}

const periodStart = () => midnight(Date.now()) - 16 * DAY;
const periodEnd = () => periodStart() + 30 * DAY;

// One item a day and key. The chart, the table and the CSV have to come to the same sums.
export function cannedUsage(from, to) {
  const items = [];
  for (let at = midnight(from); at < Math.min(to, Date.now()); at += DAY) {
    const roll = dice(at / DAY);
    const isWeekend = [0, 6].includes(new Date(at).getUTCDay());
    for (const [key_id, size] of [
      ["3", 90],
      ["2", 26],
      ["5", 14],
      ["4", 3],
    ]) {
      const charged = Math.round(size * (isWeekend ? 0.4 : 1) * (0.6 + 0.6 * roll()));
      const limited = roll() > 0.7 ? Math.round(roll() * 9) : 0;
      const invalid = roll() > 0.8 ? Math.round(roll() * 4) : 0;
      items.push({
        bucket_start: second(at),
        bucket_end: second(at + DAY),
        key_id,
        credits: charged * 8,
        overage: 0,
        requests: charged + limited + invalid,
        charged_requests: charged,
        failed_requests: limited + invalid,
        non_billable_requests: 0,
        refusals: {
          rate_limited: limited,
          daily: 0,
          key_daily: 0,
          insufficient: 0,
          spend_limit: 0,
          invalid,
          unavailable: 0,
        },
      });
    }
  }
  const caps = [{ from: second(midnight(from)), daily_credit_limit: 5000 }];
  return { range: "custom", bucket: "day", from: second(from), to: second(to), daily_credit_limits: caps, items };
}

export const periodUsage = () => cannedUsage(periodStart(), periodEnd());

export function cannedBilling(isEmpty) {
  const used = isEmpty ? 0 : periodUsage().items.reduce((sum, item) => sum + item.credits, 0);
  const today = isEmpty
    ? 0
    : cannedUsage(midnight(Date.now()), Date.now()).items.reduce((sum, item) => sum + item.credits, 0);
  return {
    plan: "Starter",
    period_key: second(periodStart()).slice(0, 7),
    period_start: second(periodStart()),
    period_end: second(periodEnd()),
    included_credits: 20_000,
    credits_used: used,
    credits_remaining: Math.max(0, 20_000 - used),
    overage_credits: Math.max(0, used - 20_000),
    allow_overage: true,
    hard_limit: false,
    daily_key: second(Date.now()).slice(0, 10),
    daily_credit_limit: 5000,
    daily_credits_used: today,
    daily_credits_remaining: 5000 - today,
    subscription_price_cents: 900,
    expected_total_amount_cents: 900,
    currency: "usd",
    overage_amount_cents: 0,
    pricing_source: "plan_default",
    user_id: "account-1",
    created_at: second(periodStart()),
    updated_at: second(Date.now()),
  };
}

export const cannedEvents = () =>
  [
    [3 * 60_000, 200, 8, "charged", ""],
    [9 * 60_000, 200, 8, "charged", ""],
    [31 * 60_000, 429, 0, "rejected", "rate_limited"],
    [2 * HOUR, 200, 8, "charged", ""],
    [26 * HOUR, 400, 0, "rejected", "invalid_input"],
  ].map(([before, status_code, credit_cost, event_status, failure_reason], at) => ({
    request_id: `0dad9b9219679bfc020000000000000${at}`,
    charge_id: credit_cost ? `d31cf4c9a10aa513b305506b9c3fce7${at}` : "",
    created_at: second(Date.now() - before),
    endpoint: "tiktok/popular-trend/hashtag",
    event_status,
    status_code,
    credit_cost,
    failure_reason,
    non_billable_reason: "",
    method: "GET",
  }));

export const cannedAddresses = () => [
  {
    ip: "203.0.113.10",
    request_count: 1480,
    success_count: 1431,
    error_count: 49,
    last_seen_at: second(Date.now() - 4 * 60_000),
    last_user_agent: "python-requests/2.32.3",
  },
  {
    ip: "2001:db8:85a3::8a2e:370:7334",
    request_count: 212,
    success_count: 212,
    error_count: 0,
    last_seen_at: second(Date.now() - 5 * DAY),
    last_user_agent:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
  },
];

export const cannedSessions = () => [
  {
    id: "s1",
    created_at: second(Date.now() - HOUR),
    last_seen_at: second(Date.now() - 30_000),
    ip: "203.0.113.10",
    user_agent:
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    is_current: true,
  },
  {
    id: "s2",
    created_at: second(Date.now() - 3 * DAY),
    last_seen_at: second(Date.now() - 2 * DAY),
    ip: "198.51.100.7",
    user_agent:
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
    is_current: false,
  },
];

const NAMES = [
  "animeinspo",
  "sundaystory",
  "campingfail",
  "matchday",
  ATTACK,
  '=HYPERLINK("x")',
  "продажи",
  "東京グルメ",
  "💅💅",
  "whatisthis?",
  "+1",
  "@home",
  "-5kg",
  "gymtok",
  "bookclub",
  "slowliving",
  "averyveryverylonghashtagthatnobodywouldeverreallytypebutsomebodydid",
  "rainyday",
  "2026",
  "fürmich",
];
const INDUSTRIES = [
  { id: 10000000000, value: "Education" },
  { id: 11000000000, value: "Vehicle & Transportation" },
  { id: 21000000000, value: "Home Improvement" },
  { id: 28000000000, value: "Sports & Outdoor" },
];

function allHashtags() {
  const roll = dice(7);
  return Array.from({ length: 100 }, (_, at) => {
    const type = 1 + (at % 4);
    const curve = Array.from({ length: 7 }, () => Math.round(roll() * 100) / 100);
    const most = Math.max(...curve) || 1;
    const industry = at % 2 ? undefined : INDUSTRIES[(at / 2) % INDUSTRIES.length];
    return {
      hashtag_id: `745310663438491${1000 + at}`,
      hashtag_name: NAMES[at] ?? `hashtag${at + 1}`,
      country_info: { id: "US", value: "United States", label: "US" },
      ...(industry && { industry_info: { ...industry, label: `label_${industry.id}` } }),
      is_promoted: at % 11 === 5,
      trend:
        at === 8
          ? []
          : curve.map((value, point) => ({
              time: (midnight(Date.now()) - (7 - point) * DAY) / 1000,
              value: Math.round((value / most) * 100) / 100,
            })),
      publish_cnt: Math.round(20_000 / (at + 1) + roll() * 3000),
      video_views: at === 0 ? 5_812_345_678 : Math.round(40_000_000 / (at + 1) + roll() * 900_000),
      rank: at + 1,
      rank_diff: type === 1 || type === 3 ? 1 + (at % 9) : 0,
      rank_diff_type: type,
    };
  });
}

export function cannedHashtags(query, isStale) {
  const industry = query.get("industry_id");
  const page = Number(query.get("page") || 1);
  const size = Number(query.get("limit") || 20);
  const found = allHashtags().filter(
    (one) =>
      (!industry || String(one.industry_info?.id) === industry) &&
      (query.get("filter_by") !== "new_on_board" || one.rank_diff_type === 4),
  );
  return {
    list: found.slice((page - 1) * size, page * size),
    pagination: { page, size, total: found.length, has_more: page < 10 && page * size < found.length },
    captured_at: second(Date.now() - (isStale ? 50 : 5) * HOUR),
    as_of: second(Date.now() - DAY).slice(0, 10),
    source: "creative-center",
    stale: isStale,
  };
}

export function cannedHistory(name) {
  const roll = dice(11);
  const list = [];
  let rank = 48;
  for (let day = 40; day >= 0; day--) {
    rank = Math.max(1, Math.min(96, rank + Math.round((roll() - 0.56) * 18)));
    if (day > 22 && day < 29) continue; // it was not listed then
    list.push({
      captured_at: second(midnight(Date.now()) - day * DAY + 6 * HOUR),
      source: "creative-center",
      hashtag_id: "7453106634384911000",
      hashtag_name: name,
      rank,
      publish_cnt: 4000 + Math.round(roll() * 9000),
      video_views: 9_000_000 + Math.round(roll() * 20_000_000),
    });
  }
  return {
    hashtag_name: name,
    country_info: { id: "US", value: "United States", label: "US" },
    period: 7,
    first_seen: list[0].captured_at,
    last_seen: list[list.length - 1].captured_at,
    best_rank: Math.min(...list.map((one) => one.rank)),
    captures: 41,
    total: list.length,
    list,
  };
}

export const cannedLists = () => ({
  countries: [
    ["ALL", "All countries", [7, 30]],
    ["MY", "Malaysia", [7]],
    ["US", "United States", [7, 30, 120]],
    ["DE", "Germany", [7]],
    ["AQ", "Antarctica", []],
  ].map(([code, name, periods]) => ({ code, name, periods })),
  industries: INDUSTRIES.map(({ id, value }) => ({ id, name: value })),
  lists: [
    ["ALL", 7, 3 * HOUR, "creative-center"],
    ["ALL", 30, 3 * HOUR, "creative-center"],
    ["MY", 7, 20 * 60_000, "creative-one"],
    ["US", 7, 2 * HOUR, "creative-center"],
    ["US", 30, 50 * HOUR, "creative-center"],
    ["US", 120, 45 * DAY, "import"],
    ["DE", 7, 5 * HOUR, "sample"],
  ].map(([country_code, period, age, source]) => ({
    country_code,
    period,
    captured_at: second(Date.now() - age),
    source,
    stale: age > 2 * DAY,
  })),
});

export const cannedReadiness = () => ({
  checked_at: second(Date.now()),
  components: { catalog: { ready: true }, ledger: { ready: true } },
  sources: [
    { name: "creative-center", state: "works", last_success: second(Date.now() - 2 * HOUR), lists: 40, failures: 0 },
    { name: "creative-one", state: "pauses", until: second(Date.now() + 60_000), last_success: second(Date.now() - HOUR), lists: 8, failures: 1 },
    { name: "business-api", state: "shut", until: second(Date.now() + HOUR), lists: 0, failures: 5 },
  ],
  ready: true,
});
