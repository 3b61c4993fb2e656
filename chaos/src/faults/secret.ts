import { readFileSync } from 'node:fs';

/** The secret key in a file of credentials. */
export function secretOf(file: string): Uint8Array {
  return new TextEncoder().encode(readFileSync(file, 'utf8').trim());
}
