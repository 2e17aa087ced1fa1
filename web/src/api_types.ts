// What the server answers with, as far as the console reads it.

export interface Account {
  id: string;
  email: string;
  username: string;
  plan: string;
  created_at: string;
  active_key_id: string | null;
  csrf_token: string;
  link_password_until: string | null; // of a session that began with a sign-in link
  suspended: boolean; // its calls are refused
  unpaid: boolean; // and that for an invoice
}

export interface Session {
  id: string;
  created_at: string;
  last_seen_at: string;
  ip: string;
  user_agent: string;
  is_current: boolean;
}

export interface ApiKey {
  id: string;
  masked_key: string;
  key_suffix: string;
  name: string;
  status: "active" | "grace" | "revoked" | "expired";
  created_at: string;
  updated_at: string;
  rotated_at: string | null;
  stops_at: string | null;
  expires_at: string | null;
  last_used_at: string | null;
  last_used_ip: string | null;
  credits_this_period: number;
  calls_24h: number;
  daily_credit_cap: number | null;
  replaced_by: string | null;
  is_active_key: boolean;
  source: string;
}

export interface CreatedKey {
  api_key: string;
  key: ApiKey;
}

export interface RotatedKey {
  new_api_key: string;
  active_key: ApiKey;
  previous_key: ApiKey;
  grace_period_seconds: number;
}

export interface Billing {
  plan: string;
  period_key: string;
  period_start: string;
  period_end: string;
  included_credits: number;
  credits_used: number;
  credits_remaining: number;
  overage_credits: number;
  allow_overage: boolean;
  hard_limit: boolean;
  daily_credit_limit: number;
  daily_credits_used: number;
  daily_credits_remaining: number;
  subscription_price_cents: number;
  expected_total_amount_cents: number;
  currency: string;
  overage_amount_cents: number;
  spend_limit_cents?: number;
  next_plan?: string;
  stopped_by?: "insufficient_credits" | "daily_credit_limit" | "key_daily_limit" | "spend_limit";
  stopped_until?: string;
}

export interface PlanOnSale {
  name: string;
  price_cents: number;
  included_credits: number;
  included_calls: number;
  daily_credit_limit: number;
  rate_limit_per_minute: number;
  overage: "none" | "opt_in" | "always";
  overage_cents_per_1000: number;
  overage_text: string;
  next_plan_cheaper_from_credits?: number;
}

export interface PlansOnSale {
  credits_per_call: number;
  plans: PlanOnSale[];
}

export interface PreviewLine {
  kind: string;
  plan: string;
  period_key: string;
  credits: number;
  cents: number;
}

export interface PlanPreview {
  plan: string;
  plan_before: string;
  is_at_once: boolean;
  in_force_at: string;
  included_credits: number;
  use_is_over_plan: boolean;
  lines_now: PreviewLine[];
  total_now_cents: number;
  lines_next: PreviewLine[];
  total_next_cents: number;
  preview_digest: string;
}

export interface Estimate {
  calls: number;
  credits: number;
  days: number;
  cheapest_plan?: string;
  plans: {
    plan: string;
    included_credits: number;
    overage_credits: number;
    subscription_price_cents: number;
    overage_amount_cents: number;
    total_cents: number;
    has_room: boolean;
    fits_daily_limit: boolean;
  }[];
}

export interface BillingPeriod {
  period_key: string;
  period_start: string;
  period_end: string;
  status: "open" | "closed";
  payment: "none" | "due" | "paid";
  paid_at?: string;
  plan: string;
  credits_used: number;
  overage_credits: number;
  expected_total_amount_cents: number;
  currency: string;
}

export interface StatementLine {
  kind: "subscription" | "proration" | "grant" | "overage" | "refund";
  description: string;
  period_key: string;
  credits: number;
  cents: number;
  cents_per_1000?: number;
  in_force_at?: string;
}

export interface Statement {
  snapshot: { canonical_json_sha256: string; snapshot_status: string };
  statement: {
    credits_used: number;
    credits_overage: number;
    currency: string;
    lines: StatementLine[];
    total_cents: number;
  };
}

export interface EventPage {
  items: BillingEvent[];
  next?: string;
}

export interface BillingEvent {
  request_id: string;
  charge_id?: string;
  created_at: string;
  endpoint: string;
  event_status: string;
  status_code: number;
  credit_cost: number;
  overage_credits_delta?: number;
  failure_reason?: string;
  non_billable_reason?: string;
}

export interface Counted {
  requests: number;
  charged_requests: number;
  failed_requests: number;
  non_billable_requests: number;
  credits: number;
}

export type Refusals = Record<string, number>;

export interface UsageItem extends Counted {
  bucket_start: string;
  overage?: number;
  key_id?: string | null;
  refusals?: Refusals;
}

export interface Timeseries {
  from: string;
  to: string;
  daily_credit_limits: { from: string; daily_credit_limit: number }[]; // each until the next one
  items: UsageItem[];
}

export interface Address {
  ip: string;
  request_count: number;
  success_count: number;
  error_count: number;
  last_seen_at: string;
  last_user_agent: string;
}

export interface Hashtag {
  hashtag_id: string;
  hashtag_name: string;
  industry_info?: { id: number; value: string };
  is_promoted: boolean;
  trend: { time: number; value: number }[];
  publish_cnt: number;
  video_views: number;
  rank: number;
  rank_diff: number;
  rank_diff_type: number;
}

export interface HashtagList {
  list: Hashtag[];
  pagination: { page: number; size: number; total: number; has_more: boolean };
  captured_at: string;
  as_of?: string | null;
  source: string;
  stale: boolean;
}

export interface Appearance {
  captured_at: string;
  source: string;
  rank: number;
  publish_cnt: number;
  video_views: number;
}

export interface History {
  hashtag_name: string;
  period: number;
  first_seen?: string;
  last_seen?: string;
  best_rank?: number;
  captures: number;
  total: number;
  list: Appearance[];
}

export interface Lists {
  countries: { code: string; name: string; periods: number[] }[];
  industries: { id: number; name: string }[];
  lists: Captured[];
}

// The newest list over all industries of a country and period.
export interface Captured {
  country_code: string;
  period: number;
  captured_at: string;
  source: string;
  stale: boolean;
}

export interface Readiness {
  ready: boolean;
  components: Record<string, { ready: boolean; error?: string }>;
  sources?: SourceState[];
}

export interface SourceState {
  name: string;
  state: "works" | "pauses" | "shut";
  until?: string; // when it is asked again
  last_success?: string;
}

export interface PlaygroundAnswer {
  status: number;
  time_ms: number;
  method: string;
  path: string;
  headers: [string, string][];
  body: string;
}
