/** Passing over encoded values without reading them: for bytes that were written here and are shorter than 65,536. */

/** Where the members of a list or map begin. */
export function afterHeader(bytes: Uint8Array, start: number): number {
  const head = bytes[start] as number;
  return start + (head === 0xdc || head === 0xde ? 3 : 1);
}

/** Where the value that begins at a place ends. */
export function afterValue(bytes: Uint8Array, start: number): number {
  let at = start;
  // Members follow the header of their list or map, so there are so many values more to pass.
  for (let left = 1; left > 0; left -= 1) {
    const head = bytes[at] as number;
    at += 1;
    if (head < 0x80 || head >= 0xe0) continue;
    if (head < 0x90) left += (head & 0x0f) * 2;
    else if (head < 0xa0) left += head & 0x0f;
    else if (head < 0xc0) at += head & 0x1f;
    else if (head === 0xdc || head === 0xde) {
      left += twoBytes(bytes, at) * (head === 0xdc ? 1 : 2);
      at += 2;
    } else if (head === 0xc5 || head === 0xda) at += 2 + twoBytes(bytes, at);
    else if (head === 0xc4 || head === 0xd9) at += 1 + (bytes[at] as number);
    else if (head === 0xc7) at += 2 + (bytes[at] as number);
    else at += LENGTHS[head - 0xc0] as number;
  }
  return at;
}

/** Of what follows heads from c0 on whose length is always the same: null and booleans, numbers, short extensions. */
const LENGTHS: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17];

function twoBytes(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}
