/** The fixed numbers of deltas, format 1; `FORMAT.md` explains them. */
import { HASH_BYTES } from '../format.js';

/** The first byte: the upper half says that it is a delta, the lower one is the version. */
export const DELTA_MARK = 0xd0;
export const DELTA_VERSION = 1;
export const KEYED = 1;
export const BASED = 2;
export const ROOT_AT = 2;
export const BASE_AT = ROOT_AT + HASH_BYTES;
/** Bytes of the base's root: enough to tell a wrong base; that the result is right is told by its whole root. */
export const BASE_BYTES = 8;

/** The first member of an edit: what it does. */
export const OP = {
  delete: 0,
  create: 1,
  update: 2,
  /** Part of a text or of bytes is replaced. */
  splice: 3,
} as const;
