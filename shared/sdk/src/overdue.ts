import { SkepError } from '@skep/kernel';

/** Nobody knows yet whether it took effect. */
export function overdue(what: string, deadlineMs: number): SkepError {
  return new SkepError('timeout', { message: `${what} was not answered within ${deadlineMs} ms; it may still take effect`, id: what });
}
