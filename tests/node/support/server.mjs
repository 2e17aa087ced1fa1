// Runs the real program for the tests of this folder: commands to their end, and the server as a
// child that is stopped by SIGTERM to its own pid. As tests/support/server.py does in Python.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const CHECKOUT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
export const BINARY = resolve(process.env.TRENDGATE_BINARY ?? join(CHECKOUT, "build/release/trendgate"));
export const SHIPPED_PLANS = readFileSync(join(CHECKOUT, "etc/plans.ini"), "utf-8");
export const PATIENCE_MS = 20_000;

const LISTENING = /^listening on (http:\/\/127\.0\.0\.1:[0-9]+)$/m;
const KEPT = ["PATH", "HOME", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"];

/** Asks until it gets an answer other than undefined or false; fails with the sentence. */
export async function until(ask, sentence) {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = await ask();
    if (found) return found;
    assert.ok(Date.now() < deadline, `in vain: ${sentence}`);
    await pause(20);
  }
}

/** A folder of its own with a database, from which commands and servers are run. */
export class Place {
  /** binary: what serves, such as the program whose clock the test moves; commands are BINARY's. */
  constructor({ plans = SHIPPED_PLANS, settings = {}, binary = BINARY } = {}) {
    this.binary = binary;
    this.folder = mkdtempSync(join(tmpdir(), "trendgate-test-"));
    this.database = `sqlite:${this.folder}/x.db`;
    this.servers = [];
    const kept = Object.fromEntries(KEPT.filter((name) => name in process.env)
      .map((name) => [name, process.env[name]]));
    this.environment = { ...kept, TRENDGATE_PLANS: join(this.folder, "plans.ini"), ...settings };
    this.write("plans.ini", plans);
  }

  write(name, content) {
    writeFileSync(join(this.folder, name), content);
    return join(this.folder, name);
  }

  /** One command that must succeed; what it printed. */
  run(...words) {
    const done = spawnSync(BINARY, [...words, "--database", this.database],
      { cwd: this.folder, env: this.environment, encoding: "utf-8", timeout: PATIENCE_MS });
    assert.equal(done.status, 0, `trendgate ${words.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  /** A new account on a plan, and its first key. */
  newKey(plan, email = `${plan.toLowerCase()}@example.com`) {
    return this.run("account", "create", email, "--plan", plan).trim();
  }

  /** sample: serves made-up lists, so that every list is there. listen: where, if not anywhere. */
  async serve({ sample = true, settings = {}, listen } = {}) {
    const environment = { ...this.environment, ...settings };
    if (sample) environment.TRENDGATE_SOURCE_SAMPLE_ENABLED = "true";
    const server = new Server(this, environment, listen);
    this.servers.push(server);
    server.url = (await until(() => server.listening(), "the server listens"))[1];
    return server;
  }

  async close() {
    for (const server of this.servers) await server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class Server {
  constructor(place, environment, listen = "127.0.0.1:0") {
    this.stdout = "";
    this.stderr = "";
    this.child = spawn(place.binary, ["serve", "--database", place.database, "--listen", listen],
      { cwd: place.folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    this.child.stdout.on("data", (piece) => { this.stdout += piece; });
    this.child.stderr.on("data", (piece) => { this.stderr += piece; });
    this.ended = new Promise((settle) => { this.child.on("exit", settle); });
  }

  listening() {
    assert.equal(this.child.exitCode, null, `serve ended: ${this.stderr}`);
    return LISTENING.exec(this.stdout);
  }

  /** fetch with the key, if one is given; path may be a whole URL. */
  ask(path, { key, headers = {}, ...options } = {}) {
    const sent = key ? { "x-api-key": key, ...headers } : headers;
    return fetch(new URL(path, this.url), { headers: sent, ...options });
  }

  /** SIGHUP, until the log says what came of it. */
  async reload() {
    const before = this.stderr.length;
    this.child.kill("SIGHUP");
    return until(() => /in force anew|nothing is reloaded.*/.exec(this.stderr.slice(before))?.[0],
      "the server says what became of the reload");
  }

  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill("SIGTERM");
    const timer = setTimeout(() => this.child.kill("SIGKILL"), PATIENCE_MS);
    const status = await this.ended;
    clearTimeout(timer);
    assert.equal(status, 0, `serve ended badly: ${this.stderr.slice(-2000)}`);
    assert.doesNotMatch(this.stderr, /Sanitizer|runtime error:/);
  }
}

/** Runs a program of node_modules/.bin, or any other, to its end: { status, output }. */
export function runTool(name, words, options = {}) {
  const bin = join(CHECKOUT, "tests/node/node_modules/.bin");
  const done = spawnSync(name, words, { encoding: "utf-8", timeout: 120_000, ...options,
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, ...options.env } });
  return { status: done.status, output: `${done.stdout ?? ""}${done.stderr ?? ""}${done.error ?? ""}` };
}
