/** The few words of DER (ITU-T X.690) that a certificate is written in. */

const universal = {
  boolean: 0x01,
  integer: 0x02,
  bits: 0x03,
  octets: 0x04,
  object: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
};

export function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

export const sequence = (...parts: readonly Uint8Array[]): Buffer => der(universal.sequence, ...parts);

export const set = (...parts: readonly Uint8Array[]): Buffer => der(universal.set, ...parts);

export const octets = (content: Uint8Array): Buffer => der(universal.octets, content);

export const utf8 = (text: string): Buffer => der(universal.utf8, Buffer.from(text, 'utf8'));

export const yes = (): Buffer => der(universal.boolean, Buffer.from([0xff]));

/** A number of 0 or more, most significant byte first; a leading zero byte keeps it from being negative. */
export function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const digits = start < 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return der(universal.integer, (digits[0] ?? 0) >= 0x80 ? Buffer.concat([Uint8Array.of(0), digits]) : digits);
}

/** `unused`: how many bits at the end do not count. */
export const bits = (content: Uint8Array, unused = 0): Buffer => der(universal.bits, Buffer.from([unused]), content);

/** Such as `2.5.29.17`. */
export function object(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  return der(universal.object, Buffer.from([40 * first + second, ...rest.flatMap(base128)]));
}

/** Years before 2050 are written with two digits (RFC 5280, 4.1.2.5). */
export function time(at: Date): Buffer {
  const digits = `${at.toISOString().replace(/\D/g, '').slice(0, 14)}Z`;
  return at.getUTCFullYear() < 2050
    ? der(universal.utcTime, Buffer.from(digits.slice(2), 'ascii'))
    : der(universal.generalizedTime, Buffer.from(digits, 'ascii'));
}

/** `[number]`, around whole values (`explicit`) or in place of a value's own tag. */
export const tagged = (number: number, content: Uint8Array, how: 'explicit' | 'implicit'): Buffer =>
  der((how === 'explicit' ? 0xa0 : 0x80) + number, content);

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([0x80 + bytes.length]), bytes]);
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) digits.unshift(0x80 | (rest & 0x7f));
  return digits;
}
