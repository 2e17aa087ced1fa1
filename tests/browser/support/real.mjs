// What the tests against the real program share: the server, its clock, people with accounts, a browser.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { startBrowser } from "../../node/support/browser.mjs";
import { Clock, clockBinary } from "../../node/support/clock.mjs";
import { roomInTheDay } from "../../node/support/day.mjs";
import { Place } from "../../node/support/server.mjs";
import { settled, watched } from "./console.mjs";

export const PASSWORD = "correct horse battery";
export const SESSION = "__Host-sid";
export const LIST = "/api/v1/tiktok/popular-trend/hashtag";
export const ATTACK = "<img src=x onerror=alert(1)>";
const SIGN_UPS_WINDOW_S = 3600;

// One server and one browser for a file of tests. prepare(world) comes before the server begins.
export function useServer({ daysBehind = 0, settings = {}, prepare = () => {} } = {}) {
  const world = { mails: 0, settings: { TRENDGATE_CONSOLE_SIGN_UP: "open", ...settings } };
  // Not before each test: the first ones make what the others look at, on the same day.
  before(async () => {
    await roomInTheDay();
    world.clock = await new Clock(daysBehind).open();
    world.place = new Place({ binary: clockBinary(), settings: { ...world.clock.settings, ...world.settings } });
    await prepare(world);
    world.server = await world.place.serve();
    world.browser = await startBrowser();
  });
  after(async () => {
    await world.browser?.close();
    try {
      await world.place?.close();
    } finally {
      await world.clock?.close();
    }
  });
  world.join = (plan) => Person.join(world, plan);
  world.open = (t, path, options) => openPage(world, t, path, options);
  return world;
}

// A page of that person's browser, or of nobody's. `page.answers` has every answer that came.
async function openPage({ browser, server }, t, path, { person, prepare = () => {}, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  t?.after(() => context.close());
  if (person) await context.addCookies(person.forBrowser());
  const page = watched(await context.newPage(), server.url, () => !page.isToBeRefused);
  page.isToBeRefused = false;
  page.answers = [];
  page.on("response", (answer) => page.answers.push(answer));
  await prepare(page, context);
  await page.goto(server.url + path);
  await page.locator("h1").first().waitFor();
  if (options.javaScriptEnabled !== false) await settled(page);
  return page;
}

const unescaped = (text) => text.replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&quot;", '"');

// What a browser without scripts would do at the console's forms, and its programs at the account API.
export class Person {
  constructor(world) {
    this.world = world;
    this.cookies = new Map();
  }

  // A new account, by the form. On another plan than the first the operator makes it, and a link.
  static async join(world, plan, email = `someone${++world.mails}@example.com`) {
    const person = new Person(world);
    person.email = email;
    if (!plan) {
      if (world.mails % 15 === 0) await world.clock.passForLimits(SIGN_UPS_WINDOW_S);
      const answer = await person.fill("/console/signup", { email: person.email, password: PASSWORD });
      assert.equal(answer.status, 303, await answer.text());
      return person;
    }
    person.firstKey = world.place.newKey(plan, person.email);
    await person.follow(person.link());
    await person.fill("/console/password", { new_password: PASSWORD });
    return person;
  }

  link() {
    return new URL(this.world.place.run("account", "sign-in-link", this.email).trim()).pathname;
  }

  get url() {
    return this.world.server.url;
  }

  get session() {
    return this.cookies.get(SESSION);
  }

  forBrowser() {
    return [...this.cookies].map(([name, value]) => ({
      name, value, domain: "127.0.0.1", path: "/", httpOnly: true, secure: true, sameSite: "Lax",
    }));
  }

  async ask(path, { headers = {}, ...options } = {}) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const sent = { ...(cookie && { cookie }), ...headers };
    const answer = await fetch(new URL(path, this.url), { redirect: "manual", ...options, headers: sent });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (/Max-Age=0/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }

  // Opens the page, fills in its last form, and sends it with its hidden fields.
  async fill(path, values, headers = {}) {
    const html = await (await this.ask(path)).text();
    const form = html.slice(html.lastIndexOf("<form"));
    const hidden = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
      .map(([, name, value]) => [name, unescaped(value)]);
    const action = unescaped(/action="([^"]*)"/.exec(form)[1]);
    return this.post(action, new URLSearchParams([...hidden, ...Object.entries(values)]), headers);
  }

  post(path, body, headers = {}) {
    return this.ask(path, { method: "POST", body, headers: { origin: this.url, ...headers } });
  }

  signIn(password = PASSWORD) {
    return this.fill("/console/signin", { email: this.email, password });
  }

  follow(link) {
    return this.fill(link, {});
  }

  async get(path) {
    const answer = await this.ask(`/api/v1${path}`);
    assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
    return (await answer.json()).data;
  }

  // A change by the account API: the answer as it came.
  async change(method, path, body = {}, headers = {}) {
    const { csrf_token } = await this.get("/user/me");
    return this.ask(`/api/v1${path}`, {
      method, body: JSON.stringify(body),
      headers: { origin: this.url, "content-type": "application/json", "x-csrf-token": csrf_token, ...headers },
    });
  }

  async send(method, path, body) {
    const answer = await this.change(method, path, body);
    assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`);
    return (await answer.json()).data;
  }

  // A new key: what is shown of it, and its secret.
  async key(name, members = {}) {
    const made = await this.send("POST", "/user/me/api-keys", { name, ...members });
    return { ...made.key, secret: made.api_key };
  }

  keyRow = async (id) => (await this.get("/user/me/api-keys")).items.find((key) => key.id === id);

  // The status of a call with that key.
  async call(secret, query = "limit=1") {
    const answer = await this.world.server.ask(`${LIST}?${query}`, { key: secret });
    await answer.arrayBuffer();
    return answer;
  }
}
