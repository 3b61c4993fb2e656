import { setTimeout as pause } from 'node:timers/promises';

/** Resolves with Ctrl-C, a request to end, or after this many seconds; with none of them never. */
export interface Interruption {
  readonly happened: Promise<void>;
  readonly signal: AbortSignal;
  /** Gives the signals back to Node. */
  dispose(): void;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export function onInterruption(seconds?: number): Interruption {
  const ended = new AbortController();
  const end = () => ended.abort();
  for (const signal of SIGNALS) process.on(signal, end);
  const timer = seconds === undefined ? undefined : setTimeout(end, seconds * 1000);
  return {
    happened: new Promise((resolve) => ended.signal.addEventListener('abort', () => resolve(), { once: true })),
    signal: ended.signal,
    dispose() {
      clearTimeout(timer);
      for (const signal of SIGNALS) process.off(signal, end);
    },
  };
}

/** Waits; ends at once when the work is to end. */
export async function waitOr(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
