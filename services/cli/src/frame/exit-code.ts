import type { ErrorCode } from '@skep/kernel';

/** How a run ended; the numbers are part of the interface. */
export const EXIT = { done: 0, refused: 1, usage: 2, unavailable: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The Skep, or the disk below it, could not be worked with; the same command may succeed later. Everything else was refused. */
const UNAVAILABLE: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'closed',
  'sealed',
  'overloaded',
  'timeout',
  'outcome-unknown',
  'disk-full',
  'read-only',
]);

export function exitCodeOf(code: ErrorCode): ExitCode {
  return UNAVAILABLE.has(code) ? EXIT.unavailable : EXIT.refused;
}
