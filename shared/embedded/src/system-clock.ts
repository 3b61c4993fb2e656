import { performance } from 'node:perf_hooks';
import type { Clock } from '@skep/ports';

/** setTimeout takes 31 bits; a longer delay would fire at once. Longer timers are armed again until they are due. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer,
};

function setTimer(delayMs: number, fire: () => void): () => void {
  // "Soon, after what the world answered" is an immediate: a timeout of zero takes a millisecond. It is work under way, so the process waits for it.
  if (delayMs <= 0) {
    const immediate = setImmediate(fire);
    return () => clearImmediate(immediate);
  }
  const dueMs = performance.now() + delayMs;
  let handle = arm(delayMs);

  function arm(leftMs: number): NodeJS.Timeout {
    const timeout = setTimeout(check, Math.min(Math.max(leftMs, 0), TIMEOUT_MS_MAX));
    timeout.unref();
    return timeout;
  }

  // Node rounds its loop time down to whole milliseconds, so a timeout may come up to one early by the monotonic clock.
  function check(): void {
    const leftMs = dueMs - performance.now();
    if (leftMs > 0) handle = arm(Math.ceil(leftMs));
    else fire();
  }

  return () => clearTimeout(handle);
}
