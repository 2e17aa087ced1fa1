// The clocks of the servers that a test runs, as tests/support/clock.py has them: both stand still until they are moved.
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { BINARY, CHECKOUT } from "../../node/support/server.mjs";

const PROGRAM = "tests/support/trendgate-clock";

// trendgate with the main of tests/support/clock_main.c; release builds are without it.
export function clockProgram() {
  const places = process.env.TRENDGATE_CLOCK_BINARY
    ? [process.env.TRENDGATE_CLOCK_BINARY]
    : [join(dirname(BINARY), PROGRAM), join(CHECKOUT, "build/debug", PROGRAM)];
  const found = places.find((place) => existsSync(place));
  if (!found) throw new Error(`there is no ${places.at(-1)}: build it with ./dev build debug`);
  return found;
}

export class Clock {
  #elapsedMs = 3_600_000;
  #programs = [];

  constructor(at) {
    this.now = Date.parse(at);
  }

  async open() {
    this.folder = mkdtempSync(join(tmpdir(), "trendgate-clock-"));
    this.path = join(this.folder, "clock");
    this.listener = createServer((program) => {
      program.on("error", () => {});
      this.#programs.push(program);
      program.write(this.#line());
    });
    this.listener.listen(this.path);
    await once(this.listener, "listening");
    return this;
  }

  get settings() {
    return { TRENDGATE_TEST_CLOCK: this.path };
  }

  // Time goes by on both clocks; over when every program that runs has it.
  async passUntil(at) {
    this.#elapsedMs += Date.parse(at) - this.now;
    this.now = Date.parse(at);
    const running = this.#programs.filter((program) => !program.destroyed);
    await Promise.all(
      running.map(async (program) => {
        const answered = Promise.race([once(program, "data"), once(program, "close")]);
        program.write(this.#line());
        await answered;
      }),
    );
  }

  #line() {
    return `${this.now * 1000} ${this.#elapsedMs * 1000} 1\n`;
  }

  async close() {
    for (const program of this.#programs) program.destroy();
    this.listener.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
