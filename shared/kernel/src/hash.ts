/**
 * BLAKE3, 32 bytes. Short inputs go to WebAssembly, long ones to native code, each where it is the faster (crossing at about 1.4 KB,
 * measured). Where the native module cannot be loaded WebAssembly does all of it.
 */
import { createBLAKE3 } from 'hash-wasm';
import { SkepError } from './errors.js';
import type { HashHex } from './ids.js';

const NATIVE_BYTES_MIN = 1400;
/** The native hasher with a key is an object that costs some microseconds to make. */
const NATIVE_KEYED_BYTES_MIN = 5000;
const KEY_BYTES = 32;

const native = await import('@napi-rs/blake-hash').catch(() => undefined);
const plain = await createBLAKE3(256);

// hash-wasm takes a key only while it makes a hasher, which is asynchronous. So one hasher is made with a key that occurs nowhere else, and
// its state is the template of all others: a keyed BLAKE3 begins with its key in fixed places.
const templateKey = Uint8Array.from({ length: KEY_BYTES }, (_, at) => 0xa5 ^ (at * 29));
const keyed = await createBLAKE3(256, templateKey);
const template = keyed.init().save();
const keyPlaces = placesOf(templateKey, template);

export type Hash = (bytes: Uint8Array) => Uint8Array;

export function hash(bytes: Uint8Array): Uint8Array {
  if (native !== undefined && bytes.length >= NATIVE_BYTES_MIN) return new Uint8Array(native.blake3(bufferOf(bytes)));
  return plain.init().update(bytes).digest('binary');
}

export function hashHexOf(bytes: Uint8Array): HashHex {
  return toHex(hash(bytes)) as HashHex;
}

/** @param key 32 bytes @throws SkepError `not-configured` for a key of another length */
export function keyedHash(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  return keyedHashOf(key)(bytes);
}

/** The keyed hash with its key worked in once, for many uses. @throws SkepError `not-configured` for a key of another length */
export function keyedHashOf(key: Uint8Array): Hash {
  if (key.length !== KEY_BYTES)
    throw new SkepError('not-configured', { message: `an address key has ${KEY_BYTES} bytes, this one has ${key.length}` });
  const state = template.slice();
  for (const place of keyPlaces) state.set(key, place);
  const owned = Buffer.from(key);
  return (bytes) => {
    if (native === undefined || bytes.length < NATIVE_KEYED_BYTES_MIN) return keyed.load(state).update(bytes).digest('binary');
    return new Uint8Array(native.Blake3Hasher.newKeyed(owned).update(bufferOf(bytes)).digestBuffer());
  };
}

export function toHex(bytes: Uint8Array): string {
  // In one piece: a text that was put together digit by digit takes ten times the memory for as long as it is kept.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** @throws SkepError `malformed` for anything but pairs of lower-case digits */
export function fromHex(text: string): Uint8Array {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new SkepError('malformed', { message: 'this is no text of hexadecimal digits in lower case' });
  const bytes = new Uint8Array(text.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(text.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}

/** The native module takes nothing but a Buffer; this one shares the bytes. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function placesOf(part: Uint8Array, whole: Uint8Array): readonly number[] {
  const places: number[] = [];
  for (let at = 0; at + part.length <= whole.length; at += 1) if (part.every((byte, index) => whole[at + index] === byte)) places.push(at);
  return places;
}
