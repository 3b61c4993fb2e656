/** Texts as items (N1): plain if they stand in their parent, else a node that remembers its hash. */
import { Refusal } from '@skep/kernel';
import { INLINE_BYTES_MAX } from './format.js';
import { TextNode } from './node.js';

/** A text of so many bytes has a header of two. */
const TEXT_BYTES_MAX = INLINE_BYTES_MAX - 2;
/** A text of up to so many units is never longer than that: a unit takes three bytes at most. */
const SHORT_UNITS_MAX = Math.floor(TEXT_BYTES_MAX / 3);

/** @throws Refusal for lone surrogates */
export function textItem(text: string): string | TextNode {
  if (!text.isWellFormed()) throw new Refusal();
  if (text.length <= SHORT_UNITS_MAX) return text;
  return text.length > TEXT_BYTES_MAX || Buffer.byteLength(text) > TEXT_BYTES_MAX ? new TextNode(text) : text;
}
