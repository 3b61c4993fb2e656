import { randomBytes } from 'node:crypto';
import type { Random } from '@skep/ports';

/** The operating system's chance. */
export const systemRandom: Random = {
  uint32: () => randomBytes(4).readUInt32LE(0),
  bytes: (length) => new Uint8Array(randomBytes(length)),
};
