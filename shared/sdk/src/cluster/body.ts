/**
 * Payloads of people and programs that speak plain NATS: JSON or canonical MessagePack, answered in kind.
 *
 * - B1 The header `Content-Type` decides: `application/json`, or `application/msgpack` (also `x-msgpack`, `vnd.msgpack`).
 * - B2 Without it the first byte does. One that can begin a JSON text (white space, `{ [ " -`, a digit, `t f n`) means JSON, any other
 *   MessagePack. MessagePack that begins so is always a lone small integer (9, 10, 13, 32, 34, 45, 48 to 57, 91, 102, 110, 116, 123):
 *   who sends just that as MessagePack has to name it in the header.
 * - B3 Nothing at all is null, answered in JSON unless the header says otherwise.
 */
import { decode, ERRORS, type ErrorShape, encode, parseJson, SkepError, toJson, type Value } from '@skep/kernel';
import { shapeOf } from '../wire.js';

export type Form = 'json' | 'messagepack';

const FORMS: ReadonlyMap<string, Form> = new Map([
  ['application/json', 'json'],
  ['application/msgpack', 'messagepack'],
  ['application/x-msgpack', 'messagepack'],
  ['application/vnd.msgpack', 'messagepack'],
]);
const JSON_STARTS = new Set([...'\t\n\r {["-0123456789tfn'].map((letter) => letter.charCodeAt(0)));
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const utf8 = new TextEncoder();

/** `unknown` for a content type that is neither. */
export function formOf(payload: Uint8Array, contentType: string | undefined): Form | 'unknown' {
  if (contentType !== undefined) return FORMS.get((contentType.split(';')[0] as string).trim().toLowerCase()) ?? 'unknown';
  const [first] = payload;
  return first === undefined || JSON_STARTS.has(first) ? 'json' : 'messagepack';
}

/** @throws SkepError `malformed`, `invalid-value` */
export function decodeBody(form: Form, payload: Uint8Array): Value {
  if (payload.length === 0) return null;
  if (form === 'messagepack') return decode(payload);
  let text: string;
  try {
    text = strictUtf8.decode(payload);
  } catch (cause) {
    throw new SkepError('malformed', { message: 'this JSON is no UTF-8', cause });
  }
  return parseJson(text);
}

export function encodeBody(form: Form, value: unknown): Uint8Array {
  return form === 'json' ? utf8.encode(toJson(decode(encode(value)))) : encode(value);
}

/** The error as a client may see it: what concerns operators alone shows its code and what to do. */
export function errorForClients(thrown: unknown): ErrorShape {
  const shape = shapeOf(thrown);
  const { code, remedy } = shape.error;
  if (ERRORS[code].audience === 'client') return shape;
  return { error: { code, message: `the node could not do it (${code})`, id: null, remedy } };
}
