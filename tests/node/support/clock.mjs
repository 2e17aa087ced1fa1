// The clock of the programs that a test runs, for tests/support/clock_main.c: it goes on with the real
// one, plus what the test lets pass by. As tests/support/clock.py, whose clock stands still.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BINARY, CHECKOUT } from "./server.mjs";

const PROGRAM = "tests/support/trendgate-clock";
const TICK_MS = 20;

/** trendgate with a clock of ours. Release builds are without tests: then that of the debug build. */
export function clockBinary() {
  const named = process.env.TRENDGATE_CLOCK_BINARY;
  const places = named ? [named] : [join(dirname(BINARY), PROGRAM), join(CHECKOUT, "build/debug", PROGRAM)];
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error(`there is no ${places.at(-1)}: build it with ./dev build debug`);
  return found;
}

export class Clock {
  /** daysBehind: the programs begin that many days ago. */
  constructor(daysBehind = 0) {
    this.folder = mkdtempSync(join(tmpdir(), "trendgate-clock-"));
    this.path = join(this.folder, "clock");
    this.began = Date.now();
    this.wallAhead = -daysBehind * 86_400_000;
    this.elapsedAhead = 3_600_000;
    this.programs = new Set();
    this.listener = createServer((program) => this.#accept(program));
  }

  async open() {
    await new Promise((settle) => this.listener.listen(this.path, settle));
    this.ticker = setInterval(() => this.#tell(), TICK_MS);
    return this;
  }

  get settings() {
    return { TRENDGATE_TEST_CLOCK: this.path };
  }

  /** What the programs take it to be. */
  now() {
    return Date.now() + this.wallAhead;
  }

  /** Time goes by, for the programs; over when all of them have it. */
  passBy(seconds) {
    this.wallAhead += seconds * 1000;
    return this.passForLimits(seconds);
  }

  /** Only what is counted from one call to the next: what a limit counts is forgotten, no date changes. */
  passForLimits(seconds) {
    this.elapsedAhead += seconds * 1000;
    return Promise.all([...this.programs].map((program) => program.told()));
  }

  #accept(socket) {
    const program = { isTold: true, waiting: [] };
    // A move is heard of with the first line that was sent after it.
    program.told = () => new Promise((settle) => program.waiting.push({ after: program.isTold ? 1 : 2, settle }));
    program.tell = () => {
      if (!program.isTold) return;
      program.isTold = false;
      const elapsed = Date.now() - this.began + this.elapsedAhead;
      socket.write(`${Math.round(this.now() * 1000)} ${Math.round(elapsed * 1000)} 1\n`);
    };
    const settleAll = () => {
      for (const { settle } of program.waiting) settle();
      program.waiting = [];
    };
    socket.on("data", () => {
      program.isTold = true;
      for (const one of program.waiting) one.after--;
      for (const { settle } of program.waiting.filter(({ after }) => after === 0)) settle();
      program.waiting = program.waiting.filter(({ after }) => after > 0);
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.programs.delete(program);
      settleAll();
    });
    this.programs.add(program);
    program.tell();
  }

  #tell() {
    for (const program of this.programs) program.tell();
  }

  async close() {
    clearInterval(this.ticker);
    await new Promise((settle) => this.listener.close(settle));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
