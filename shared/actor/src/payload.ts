/** The size of what is sent: refused before the turn, so that nothing was changed (G13). */
import { encode, SkepError, type Value } from '@skep/kernel';

export interface PayloadCheck {
  readonly bytesMax: number;
  /** What it is, and whose. */
  readonly what: string;
  readonly id: string;
}

/** @throws SkepError `payload-too-large` */
export function checkPayload(value: Value, { bytesMax, what, id }: PayloadCheck): void {
  if (bytesAtMost(value) <= bytesMax) return;
  const bytes = encode(value).length;
  if (bytes <= bytesMax) return;
  throw new SkepError('payload-too-large', { message: `${what} has ${bytes} bytes, the limit is ${bytesMax}`, id });
}

/** An upper bound that needs no encoding: UTF-8 takes at most three bytes for a UTF-16 unit, headers at most nine. */
function bytesAtMost(value: Value): number {
  switch (typeof value) {
    case 'string':
      return 9 + 3 * value.length;
    case 'object':
      break;
    default:
      return 9;
  }
  if (value === null) return 1;
  if (value instanceof Uint8Array) return 9 + value.length;
  if (value instanceof Date) return 10;
  let bytes = 9;
  if (Array.isArray(value)) for (const member of value) bytes += bytesAtMost(member);
  else for (const [key, member] of Object.entries(value)) bytes += 9 + 3 * key.length + bytesAtMost(member as Value);
  return bytes;
}
