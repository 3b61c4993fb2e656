/**
 * Time. `nowMs` is wall time (it may jump), `monotonicMs` only grows and has no meaning outside its process.
 * Timers fire once, never early by the monotonic clock, and never inside `setTimer`.
 */
export interface Clock {
  /** Whole milliseconds since 1970. */
  nowMs(): number;
  /** Milliseconds with fraction. */
  monotonicMs(): number;
  /** Returns the function that cancels the timer. A pending timer does not keep a process alive. */
  setTimer(delayMs: number, fire: () => void): () => void;
}
