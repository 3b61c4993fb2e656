/** What the main thread and the watchdog share. */

/** Places in the shared cells. */
export const CELL = {
  /** Grows at each start and each end of a turn; odd while one runs. */
  turn: 0,
  agent: 1,
  method: 2,
  /** Grows while the main thread's event loop turns. */
  beat: 3,
  count: 4,
} as const;

export interface WatchdogStart {
  readonly cells: Int32Array;
  readonly limitMs: number;
  readonly lines: WatchdogLines;
}

/** How it says on stderr that the thread is stuck: in words, or as an event in JSON. */
export type WatchdogLines = 'words' | 'json';

export type ToWatchdog = { readonly kind: 'label'; readonly handle: number; readonly text: string } | { readonly kind: 'close' };

/** A turn that held the thread too long and has let go of it. */
export interface FromWatchdog {
  readonly agent: string;
  readonly method: string;
  readonly blockedMs: number;
}
