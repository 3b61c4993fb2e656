/** What every agent of the demo keeps: memories, bounded, and an account of the calls that it took. */
import type { Context } from '@skep/sdk';

export interface Remembering {
  memories: string[];
  /** Calls taken from outside, and the sum of the numbers they carried: whoever made them can tell whether one is missing or doubled. */
  calls: number;
  tokens: number;
}

/** Every call from outside carries a number of its own. */
export interface Told {
  readonly token: number;
}

/** What a call is answered with: the version that it made. */
export interface Receipt {
  readonly version: number;
  readonly token: number;
}

const MEMORIES_MAX = 24;

export function remember(state: Remembering, text: string): void {
  state.memories.push(text);
  if (state.memories.length > MEMORIES_MAX) state.memories.shift();
}

export function take(state: Remembering, { token }: Told, context: Context): Receipt {
  state.calls += 1;
  state.tokens += token;
  return { version: context.version + 1, token };
}

export const NOTHING_YET: Remembering = { memories: [], calls: 0, tokens: 0 };
