// The server's account API: its envelope taken off, its refusals thrown as Fault.
import type { Account, ApiKey, EventPage, HashtagList, History, Lists, Readiness } from "./api_types";
import { Fault } from "./fault";
import { noteSignedIn, noteSignedOut } from "./signed_out";

const ROOT = "/api/v1";
let csrfToken: string | undefined;

type Query = Record<string, string | number | undefined>;

export function pathOf(path: string, query: Query = {}): string {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") words.set(name, String(value));
  }
  const text = words.toString();
  return text ? `${path}?${text}` : path;
}

// The JSON at an address of the server. What is neither a success nor `isAnswer` is thrown, in the server's own words.
export async function fetchJson<T>(
  address: string,
  init: RequestInit = {},
  isAnswer: (body: { data?: object }) => boolean = () => false,
): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(address, { credentials: "same-origin", ...init });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Fault("The server could not be reached. Check your connection, then try again.");
  }
  const id = answer.headers.get("x-request-id");
  const body = await answer.json().catch(() => null);
  if (!body || typeof body !== "object") {
    throw new Fault(
      `The server answered ${answer.status} without a word of explanation.`,
      answer.status,
      "internal",
      id,
    );
  }
  if (answer.ok || isAnswer(body)) return body as T;
  const data = body.data ?? {};
  const fault = new Fault(
    String(body.msg ?? "The server refused this."),
    answer.status,
    String(data.reason ?? "internal"),
    data.request_id ?? id,
    Array.isArray(data.errors) ? data.errors : [],
    data.retry_after_seconds,
  );
  if (fault.isSignedOut) noteSignedOut();
  throw fault;
}

const ask = async <T>(method: string, path: string, init: RequestInit = {}): Promise<T> =>
  (await fetchJson<{ data?: T }>(ROOT + path, { method, ...init })).data ?? ({} as T);

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  ask<T>("GET", path, signal ? { signal } : {});

// That a part does not work is an answer, too, though it comes with 503.
export async function getReadiness(signal?: AbortSignal): Promise<Readiness> {
  const isAnswer = ({ data = {} }: { data?: object }) => "components" in data;
  return (await fetchJson<{ data: Readiness }>(`${ROOT}/ready`, signal ? { signal } : {}, isAnswer)).data;
}

export async function getAccount(signal?: AbortSignal): Promise<Account> {
  const account = await get<Account>("/user/me", signal);
  csrfToken = account.csrf_token;
  noteSignedIn();
  return account;
}

export async function send<T>(method: "POST" | "DELETE", path: string, body: object = {}): Promise<T> {
  const token = csrfToken ?? (await getAccount()).csrf_token;
  const init = (value: string): RequestInit => ({
    headers: { "content-type": "application/json", "x-csrf-token": value },
    body: JSON.stringify(body),
  });
  try {
    return await ask<T>(method, path, init(token));
  } catch (error) {
    // The session was renewed in another tab: its token is another one, too.
    if (!(error instanceof Fault) || error.reason !== "csrf") throw error;
    return ask<T>(method, path, init((await getAccount()).csrf_token));
  }
}

export function rememberToken(token: string): void {
  csrfToken = token;
}

export const getKeys = (signal?: AbortSignal): Promise<ApiKey[]> =>
  get<{ items: ApiKey[] }>("/user/me/api-keys", signal).then((keys) => keys.items);

// A page may end without an event, where the server looked at as much as one look may: then it is asked on.
export async function getEvents(query: Query, signal?: AbortSignal): Promise<EventPage> {
  let page = await get<EventPage>(pathOf("/billing/me/events", query), signal);
  while (page.items.length === 0 && page.next)
    page = await get<EventPage>(pathOf("/billing/me/events", { ...query, cursor: page.next }), signal);
  return page;
}

export const getHashtags = (query: Query, signal?: AbortSignal): Promise<HashtagList> =>
  get<HashtagList>(pathOf("/console/trends", query), signal);

export const getHistory = (query: Query, signal?: AbortSignal): Promise<History> =>
  get<History>(pathOf("/console/trends/history", query), signal);

let lists: Promise<Lists> | undefined;

// Which lists there are. Asked for once; a failure is not kept.
export function getLists(): Promise<Lists> {
  lists ??= get<Lists>("/console/lists");
  lists.catch(() => (lists = undefined));
  return lists;
}
