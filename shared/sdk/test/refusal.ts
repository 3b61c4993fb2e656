import { expect } from 'vitest';
import { type ErrorCode, isSkepError, type SkepError } from '../src/index.js';

/** The error that work is refused with; it must carry this code, say something, and name a remedy (G13). */
export async function refusal(work: Promise<unknown>, code: ErrorCode): Promise<SkepError> {
  const error = await work.then(
    () => new Error(`nothing was refused; ${code} was expected`),
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: 'SkepError', code });
  if (!isSkepError(error)) throw error;
  expect(error.message).not.toBe('');
  expect(error.remedy).not.toBe('');
  return error;
}
