// The calls that the playground made since the console was opened, newest first; nothing is stored.
import type { PlaygroundAnswer } from "./api_types";

const CALLS_MAX = 10;

export interface Call {
  at: number;
  operation: string;
  values: Record<string, string>;
  answer: PlaygroundAnswer;
}

let calls: Call[] = [];

export const lastCalls = (): Call[] => calls;

export function addCall(call: Call): Call[] {
  calls = [call, ...calls].slice(0, CALLS_MAX);
  return calls;
}
