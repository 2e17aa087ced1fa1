// A server as the console sees it: the shell, the built files and canned answers, in every state.
//
// `state` says how the account API answers: "ok"; "empty" (nothing there yet); "error" (500);
// "signed-out" (401); "slow" (not before release()). `override` answers single requests otherwise.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import {
  OPENAPI,
  cannedAddresses,
  cannedBilling,
  cannedEvents,
  cannedHashtags,
  cannedHistory,
  cannedKey,
  cannedKeys,
  cannedLists,
  cannedReadiness,
  cannedSessions,
  cannedUsage,
  periodUsage,
  second,
} from "./canned.mjs";

import { PLANS, cannedEstimate, cannedInvoices, cannedJournal, cannedPlans, cannedPreview } from "./canned_billing.mjs";

export const SECRET = "tg_live_OCwL4ltJvv9b6neH5oG7HQRgJobnlw2bTZOB";
const TOKEN = "csrf-1";
const DIST = new URL("../../../web/dist/", import.meta.url);
const MARK = new URL("../../../src/api/assets/mark.svg", import.meta.url);
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

const shell = (theme) => `<!doctype html>
<html lang="en" data-theme="${theme}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>trendgate</title>
<link rel="icon" href="/docs/mark.svg">
<link rel="stylesheet" href="/console/assets/console.css">
<script src="/console/assets/console.js" defer></script>
</head>
<body><div id="console"></div></body>
</html>
`;

export class FakeApi {
  state = "ok";
  isStale = false;
  keys = cannedKeys();
  sessions = cannedSessions();
  account = {}; // members of GET /user/me that are others
  billing = {}; // members of GET /billing/me that are others
  previewTurn = 1; // each gives other numbers
  override = new Map(); // "GET /api/v1/..." to a function of the request that gives {status, body}
  requests = []; // what was asked, newest last: {method, path, query, body}
  #held = [];
  #server;

  async open() {
    this.#server = createServer((request, answer) => void this.#serve(request, answer));
    await new Promise((done) => this.#server.listen(0, "127.0.0.1", done));
    this.url = `http://127.0.0.1:${this.#server.address().port}`;
    return this;
  }

  reset() {
    Object.assign(this, {
      state: "ok",
      isStale: false,
      keys: cannedKeys(),
      sessions: cannedSessions(),
      account: {},
      billing: {},
      previewTurn: 1,
      override: new Map(),
      requests: [],
    });
    this.release();
  }

  release() {
    for (const go of this.#held.splice(0)) go();
  }

  async close() {
    this.release();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  async #serve(request, answer) {
    const url = new URL(request.url, this.url);
    const say = (status, type, body, headers = {}) => {
      answer.writeHead(status, {
        "content-type": type,
        "content-security-policy": POLICY,
        "x-content-type-options": "nosniff",
        ...headers,
      });
      answer.end(body);
    };
    if (url.pathname === "/docs/mark.svg") return say(200, "image/svg+xml", readFileSync(MARK));
    if (url.pathname.startsWith("/console/assets/")) {
      const name = url.pathname.endsWith(".css") ? "console.css" : "console.js";
      return say(200, name.endsWith("css") ? "text/css" : "text/javascript", readFileSync(new URL(name, DIST)));
    }
    if (url.pathname.startsWith("/console/")) {
      const theme = /theme=(light|dark)/.exec(request.headers.cookie ?? "")?.[1] ?? "system";
      return say(200, "text/html; charset=utf-8", shell(theme));
    }
    const pieces = [];
    for await (const piece of request) pieces.push(piece);
    const asked = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      body: Buffer.concat(pieces).toString(),
      headers: request.headers,
    };
    this.requests.push(asked);
    if (this.state === "slow") await new Promise((go) => this.#held.push(go));
    const { status, body } = this.#answerTo(asked);
    return say(status, "application/json; charset=utf-8", typeof body === "string" ? body : JSON.stringify(body), {
      "x-request-id": body?.data?.request_id ?? "fake-request-1",
      "cache-control": "no-store",
    });
  }

  #answerTo(asked) {
    const own = this.override.get(`${asked.method} ${asked.path}`);
    if (own) return own(asked);
    if (this.state === "error")
      return refusal(500, "internal", "Something went wrong on our side; the request id says where to look");
    if (asked.path === "/openapi.json") return { status: 200, body: OPENAPI };
    if (this.state === "signed-out") return refusal(401, "no_session", "Sign in first");
    if (
      asked.method !== "GET" &&
      (asked.headers["x-csrf-token"] !== TOKEN || asked.headers["content-type"] !== "application/json")
    ) {
      return refusal(403, "csrf", "The token is missing or an old one");
    }
    const path = asked.path.replace(/^\/api\/v1/, "");
    const found =
      asked.method === "GET"
        ? this.#read(path, asked.query)
        : this.#change(asked.method, path, JSON.parse(asked.body || "{}"));
    return found ?? refusal(404, "not_found", "There is nothing at this path");
  }

  #read(path, query) {
    const isEmpty = this.state === "empty";
    switch (path) {
      case "/user/me":
        return ok({
          id: "account-1",
          email: "ada@example.com",
          username: "ada",
          plan: "Starter",
          created_at: second(Date.now() - 7e9),
          active_key_id: "3",
          csrf_token: TOKEN,
          link_password_until: null,
          suspended: false,
          unpaid: false,
          sign_up: "closed",
          ...this.account,
        });
      case "/user/me/api-keys":
        return ok({ items: isEmpty ? [] : this.keys });
      case "/user/me/sessions":
        return ok({ items: isEmpty ? [] : this.sessions });
      case "/billing/me":
        return ok(this.billingNow());
      case "/billing/plans":
        return ok(cannedPlans());
      case "/billing/estimate":
        return ok(cannedEstimate(Number(query.get("calls"))));
      case "/billing/me/preview":
        return ok(cannedPreview(this.billingNow(), query.get("plan"), this.previewTurn));
      case "/billing/me/periods":
        return ok({ items: [...cannedInvoices(this.billingNow(), isEmpty).values()].map(({ period }) => period) });
      case "/billing/me/events":
        return ok(query.get("billable") ? this.#journal(query, isEmpty) : { items: isEmpty ? [] : cannedEvents() });
      case "/usage/me/recent-ips":
        return ok({ items: isEmpty ? [] : cannedAddresses() });
      case "/usage/me/timeseries":
        return ok(this.#timeseries(query, isEmpty));
      case "/console/lists":
        return ok(isEmpty ? { ...cannedLists(), lists: [] } : cannedLists());
      case "/ready":
        return ok(cannedReadiness());
      case "/console/trends": {
        const page = cannedHashtags(query, this.isStale);
        return ok(
          isEmpty ? { ...page, list: [], pagination: { ...page.pagination, total: 0, has_more: false } } : page,
        );
      }
      case "/console/trends/history": {
        const history = cannedHistory(query.get("hashtag_name"));
        return ok(
          isEmpty ? { hashtag_name: history.hashtag_name, period: 7, captures: 41, total: 0, list: [] } : history,
        );
      }
      default:
        return this.#statement(path, isEmpty);
    }
  }

  billingNow() {
    return { ...cannedBilling(this.state === "empty"), ...this.billing };
  }

  #statement(path, isEmpty) {
    const [, key] = /^\/billing\/me\/periods\/([\d-]+)\/statement$/.exec(path) ?? [];
    const found = cannedInvoices(this.billingNow(), isEmpty).get(key);
    return found && ok(found.statement);
  }

  #journal(query, isEmpty) {
    const from = Number(query.get("cursor") ?? 0);
    const size = Number(query.get("limit"));
    const calls = isEmpty ? [] : cannedJournal(periodUsage(), this.billingNow().included_credits);
    const found = calls.filter((one) => one.created_at >= query.get("from") && one.created_at < query.get("to"));
    return { items: found.slice(from, from + size), ...(from + size < found.length && { next: String(from + size) }) };
  }

  #changePlan(body) {
    const billing = this.billingNow();
    const preview = cannedPreview(billing, body.plan, this.previewTurn);
    if (body.preview_digest !== preview.preview_digest)
      return refusal(409, "stale_preview", "The change does not come to what was shown any more; look at its new preview.");
    const plan = PLANS.find(({ name }) => name === body.plan);
    if (!preview.is_at_once) this.billing = { ...this.billing, next_plan: body.plan };
    else
      this.billing = {
        ...this.billing,
        plan: body.plan,
        next_plan: undefined,
        included_credits: preview.included_credits,
        daily_credit_limit: plan.daily_credit_limit,
        expected_total_amount_cents: billing.expected_total_amount_cents + preview.total_now_cents,
      };
    return ok({ ...preview, next_plan: preview.is_at_once ? null : body.plan });
  }

  #changeOverage(body) {
    this.billing = {
      ...this.billing,
      allow_overage: body.allow_overage,
      hard_limit: !body.allow_overage,
      spend_limit_cents: body.spend_limit_cents ?? undefined,
    };
    return ok(body);
  }

  #timeseries(query, isEmpty) {
    const usage =
      query.get("range") === "period"
        ? periodUsage()
        : cannedUsage(Date.parse(query.get("from")), Date.parse(query.get("to")));
    if (isEmpty) return { ...usage, items: [] };
    return query.get("group_by") === "key" ? usage : { ...usage, items: byDay(usage.items) };
  }

  #change(method, path, body) {
    const [, id, verb] = /^\/user\/me\/api-keys\/([^/]+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (path === "/console/playground") return ok(playground(body));
    if (path === "/billing/me/plan") return this.#changePlan(body);
    if (path === "/billing/me/overage") return this.#changeOverage(body);
    if (path === "/user/me/password") return this.#password(body);
    if (path === "/user/me/sessions/sign-out-others") return this.#keepSessions((one) => one.is_current);
    if (path.startsWith("/user/me/sessions/")) return this.#keepSessions((one) => !path.endsWith(`/${one.id}`));
    if (path === "/user/me/api-keys") return this.#create(body);
    if (id === "rotate") return this.#rotate(body);
    const key = this.keys.find((one) => one.id === id);
    if (!key) return undefined;
    if (method === "DELETE") return this.#revoke(key, body);
    if (verb === "activate") for (const one of this.keys) one.is_active_key = one === key;
    if (verb === "cap") key.daily_credit_cap = body.daily_credit_cap;
    if (verb === "stop") key.status = "revoked";
    if (verb === "extend") key.stops_at = second(Date.now() + body.grace_period_seconds * 1000);
    return ok({ key });
  }

  #create(body) {
    const key = cannedKey("9", body.name, {
      created_at: second(Date.now()),
      daily_credit_cap: body.daily_credit_cap ?? null,
    });
    this.keys.unshift(key);
    return ok({ api_key: SECRET, key });
  }

  #rotate(body) {
    const old = this.keys.find((one) => one.id === body.id);
    const key = cannedKey("8", old.name, {
      created_at: second(Date.now()),
      source: "rotated",
      is_active_key: old.is_active_key,
    });
    Object.assign(old, {
      status: body.grace_period_seconds ? "grace" : "revoked",
      is_active_key: false,
      rotated_at: second(Date.now()),
      stops_at: second(Date.now() + body.grace_period_seconds * 1000),
    });
    this.keys.unshift(key);
    return ok({
      new_api_key: SECRET,
      active_key: key,
      previous_key: old,
      grace_period_seconds: body.grace_period_seconds,
    });
  }

  #revoke(key, body) {
    if (key.calls_24h > 0 && body.name !== key.name)
      return refusal(409, "name_required", "This key was used in the last 24 hours: give its name");
    Object.assign(key, { status: "revoked", is_active_key: false });
    return ok({ key });
  }

  #password(body) {
    const isByLink = Date.parse(this.account.link_password_until ?? 0) > Date.now();
    if (body.current_password !== "correct horse battery" && !isByLink) {
      return refusal(403, "wrong_password", "The current password is not right.");
    }
    return ok({ csrf_token: TOKEN });
  }

  #keepSessions(isKept) {
    this.sessions = this.sessions.filter(isKept);
    return ok({});
  }
}

export const ok = (data) => ({
  status: 200,
  body: { code: 200, msg: "OK", data: { ...data, request_id: "fake-request-1" } },
});

export const refusal = (status, reason, msg, more = {}) => ({
  status,
  body: { code: status, msg, data: { ...more, reason, request_id: "fake-request-7" } },
});

// What the keys of a day come to together.
function byDay(items) {
  const days = new Map();
  for (const { key_id, refusals, ...item } of items) {
    const day = days.get(item.bucket_start) ?? { ...item, credits: 0, requests: 0, charged_requests: 0, failed_requests: 0, refusals: {} };
    for (const name of ["credits", "requests", "charged_requests", "failed_requests"]) day[name] += item[name];
    for (const [reason, times] of Object.entries(refusals)) day.refusals[reason] = (day.refusals[reason] ?? 0) + times;
    days.set(item.bucket_start, day);
  }
  return [...days.values()];
}

function playground({ operation_id: operation, parameters }) {
  const path = `/api/v1/tiktok/popular-trend/hashtag?${new URLSearchParams(parameters)}`.replace(/\?$/, "");
  const headers = (credits) => [
    ["Date", "Sat, 28 Nov 2026 22:19:59 GMT"],
    ["Content-Type", "application/json; charset=utf-8"],
    ["X-Request-Id", "0dad9b9219679bfc0200000000000000"],
    ["RateLimit-Policy", '"minute";q=15;w=60'],
    ["RateLimit", '"minute";r=14;t=60'],
    ["X-RateLimit-Limit", "15"],
    ["X-RateLimit-Remaining", "14"],
    ["X-RateLimit-Reset", "60"],
    ["X-Credits-Charged", String(credits)],
    ["X-Credits-Remaining", "7104"],
    ["X-Credits-Daily-Remaining", "4360"],
    ...(credits ? [["X-Charge-Id", "d31cf4c9a10aa513b305506b9c3fce7e"]] : []),
  ];
  if (parameters.period === "120" || operation === "unknown") {
    const body = {
      code: 400,
      msg: "Invalid input: period must be 7 or 30",
      data: {
        errors: [{ parameter: "period", value: "120", reason: "must be 7 or 30" }],
        reason: "invalid_input",
        request_id: "0dad",
      },
    };
    return { status: 400, time_ms: 1, method: "GET", path, headers: headers(0), body: JSON.stringify(body) };
  }
  const page = cannedHashtags(new URLSearchParams({ limit: "20", ...parameters }), false);
  const body = {
    code: 200,
    msg: "OK",
    data: {
      code: 0,
      msg: "OK",
      data: { list: page.list, pagination: page.pagination },
      request_id: "0dad9b9219679bfc0200000000000000",
    },
  };
  return { status: 200, time_ms: 3, method: "GET", path, headers: headers(8), body: JSON.stringify(body) };
}
