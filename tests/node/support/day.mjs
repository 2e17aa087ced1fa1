// A day of UTC that does not end between a page and what it is held against.
import { setTimeout as pause } from "node:timers/promises";

const DAY_MS = 86_400_000;
const ROOM_MS = 90_000;

/** Waits for the next day where this one is all but over: in before and beforeEach, which node:test lets last. */
export async function roomInTheDay() {
  for (;;) {
    const left = DAY_MS - (Date.now() % DAY_MS);
    if (left >= ROOM_MS) return;
    await pause(left);
  }
}
