/**
 * What can go wrong below us, in the words of the error table. Two kinds:
 *
 * - an answer: nothing was written, and that is certain (`disk-full`, `read-only`, `corrupt`);
 * - undefined: nobody knows what reached the disk (a failed fsync, an I/O error). The worker that meets it must die, because a kernel
 *   may drop dirty pages after a failed fsync, and a later success would prove nothing.
 */
import { SkepError } from '@skep/kernel';

const ADVICE = {
  'disk-full': 'Free some space on that disk; the work goes on by itself.',
  'read-only': 'Make the folder and its files writable for this user, then open it again.',
  corrupt: 'Restore the folder from a copy; `skep doctor` shows the extent.',
  'folder-held': 'Stop the process that holds the folder, or work through it.',
} as const;

/** The error that callers see, or undefined when the outcome is unknown. */
export function storageError(error: unknown, file: string): SkepError | undefined {
  if (error instanceof SkepError) return error;
  const code = storageCode(codeOf(error));
  if (code === undefined) return undefined;
  return new SkepError(code, { message: `${file}: ${messageOf(error)}`, id: file, remedy: ADVICE[code], cause: error });
}

/** The same at opening, when nothing has been written yet: what we cannot name makes the folder unavailable. */
export function openingError(error: unknown, file: string): SkepError {
  return (
    storageError(error, file) ??
    new SkepError('unavailable', {
      message: `cannot open ${file}: ${messageOf(error)}`,
      id: file,
      remedy: 'Check that the path is a folder on a working local disk, and that this user may use it.',
      cause: error,
    })
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function codeOf(error: unknown): string {
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}

function storageCode(code: string): keyof typeof ADVICE | undefined {
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT') return 'disk-full';
  if (code.startsWith('SQLITE_READONLY') || code === 'SQLITE_PERM' || code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return 'read-only';
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return 'corrupt';
  if (code.startsWith('SQLITE_BUSY')) return 'folder-held';
  return undefined;
}
