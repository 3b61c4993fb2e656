/**
 * The order of the keys of a map: by their UTF-8 bytes, which is the order of their code points. JavaScript's own order compares UTF-16
 * units and differs only where a surrogate (from U+D800) meets a unit above the surrogates (from U+E000).
 */
const SURROGATE_MIN = 0xd800;
const SURROGATE_MAX = 0xdfff;

/** Negative, zero or positive, as `Array.prototype.sort` asks for. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const one = left.charCodeAt(at);
    const other = right.charCodeAt(at);
    if (one !== other) return rank(one) - rank(other);
  }
  return left.length - right.length;
}

/** Sorts in place and returns the same list; free for lists that are in order already. */
export function sortKeys(keys: string[]): string[] {
  const count = keys.length;
  if (count < 2) return keys;
  let before = keys[0] as string;
  let inOrder = true;
  let special = hasHighUnit(before);
  for (let at = 1; at < count; at += 1) {
    const key = keys[at] as string;
    if (before >= key) inOrder = false;
    if (hasHighUnit(key)) special = true;
    before = key;
  }
  if (special) return keys.sort(compareKeys);
  return inOrder ? keys : keys.sort();
}

function hasHighUnit(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) >= SURROGATE_MIN) return true;
  return false;
}

/** Code points above U+FFFF, and so their surrogates, come after all others. */
function rank(unit: number): number {
  return unit >= SURROGATE_MIN && unit <= SURROGATE_MAX ? unit + 0x10000 : unit;
}
