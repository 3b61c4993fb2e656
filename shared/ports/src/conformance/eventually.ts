import { setTimeout as pause } from 'node:timers/promises';

const TRY_DELAY_MS = 2;
/** Beyond two elections of stock servers. */
const WAIT_MS_MAX = 30_000;

/** Waits until `look` returns something: for promises that a port keeps late (stale reads, deliveries). Fails with `what` if it never does. */
export async function eventually<Found>(what: string, look: () => Found | undefined | Promise<Found | undefined>): Promise<Found> {
  const untilMs = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > untilMs) throw new Error(`never happened: ${what}`);
    await pause(TRY_DELAY_MS);
  }
}

/** The code of the SkepError that a promise rejects with; undefined when it resolves. Anything else is thrown on. */
export async function codeOfRejection(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof Error && error.name === 'SkepError' && 'code' in error && typeof error.code === 'string') return error.code;
    throw error;
  }
}

/** `length` bytes that differ from place to place and by `seed`. */
export function patternBytes(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 31 + seed * 17 + (at >>> 8)) & 0xff;
  return bytes;
}
