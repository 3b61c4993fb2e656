/**
 * The client's methods as messages over a channel, matched by number; requests count from 1.
 *
 *   -> [number, method, arguments]        <- [number, true, result] | [number, false, error]
 *                                         <- [number, 'parts', bytes]: too long for one frame; its bytes are fetched with
 *   -> [next, 'part', [number, offset]]   <- [next, true, bytes]
 *   -> [number, 'watch' | 'unwatch', []]  <- [0, 'turns', turns], again and again
 *
 * A frame is canonical MessagePack; one that begins with `[` is JSON, and is answered in JSON (`{"$bytes"}` and `{"$date"}` as in the kernel's).
 * What cannot be read is answered with `[0, false, error]`.
 */
import { decode, type ErrorShape, encode, fromErrorShape, parseJson, SkepError, toJson, toSkepError, type Value } from '@skep/kernel';
import type { Client } from './client.js';

/** What a peer may ask for: everything of `Client` but what belongs to one side of the channel. */
export const METHODS = [
  'call',
  'create',
  'suspend',
  'resume',
  'terminate',
  'info',
  'list',
  'get',
  'at',
  'history',
  'diff',
  'checkpoint',
  'checkpoints',
  'branch',
  'restore',
  'merge',
  'merges',
  'blame',
  'superpositions',
  'superposition',
  'branchState',
  'superpose',
  'status',
  'doctor',
] as const satisfies readonly (keyof Client)[];

export type RemoteMethod = (typeof METHODS)[number];

/** Longer answers go in parts of this size: well below the limit of a frame, also when written as base64. */
export const PART_BYTES = 1024 * 1024;

export type Form = 'messagepack' | 'json';

export interface Request {
  readonly number: number;
  readonly method: string;
  readonly parameters: readonly Value[];
}

export type Answer =
  | { readonly kind: 'result'; readonly number: number; readonly result: Value }
  | { readonly kind: 'error'; readonly number: number; readonly error: SkepError }
  | { readonly kind: 'parts'; readonly number: number; readonly bytes: number }
  | { readonly kind: 'turns'; readonly turns: Value };

const OPENING_BRACKET = 0x5b;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true });
const utf8 = new TextEncoder();

export function formOf(bytes: Uint8Array): Form {
  return bytes[0] === OPENING_BRACKET ? 'json' : 'messagepack';
}

/** @throws SkepError `invalid-value` for what no message can hold */
export function encodeMessage(form: Form, message: unknown): Uint8Array {
  return form === 'json' ? utf8.encode(toJson(decode(encode(message)))) : encode(message);
}

/** @throws SkepError `malformed`, `invalid-value` */
export function decodeMessage(bytes: Uint8Array): Value {
  return formOf(bytes) === 'json' ? parseJson(textOf(bytes)) : decode(bytes);
}

/** The shape of whatever was thrown, also by a handler that dresses its own errors up as ours. */
export function shapeOf(thrown: unknown): ErrorShape {
  const { code, message, id, remedy } = toSkepError(thrown);
  return fromErrorShape({ error: { code, message: String(message), id: id === undefined ? null : String(id), remedy: String(remedy) } }).toJSON();
}

/** @throws SkepError `malformed` */
export function readRequest(message: Value): Request {
  if (Array.isArray(message) && message.length === 3) {
    const [number, method, parameters] = message as readonly Value[];
    if (typeof number === 'number' && Number.isSafeInteger(number) && number > 0 && typeof method === 'string' && Array.isArray(parameters)) {
      return { number, method, parameters };
    }
  }
  throw new SkepError('malformed', { message: 'a request is [number from 1, method, arguments]' });
}

/** @throws SkepError `malformed` */
export function readAnswer(message: Value): Answer {
  const [number, kind, content] = Array.isArray(message) && message.length === 3 ? (message as readonly Value[]) : [];
  if (typeof number === 'number') {
    if (kind === true) return { kind: 'result', number, result: content ?? null };
    if (kind === false && isErrorShape(content)) return { kind: 'error', number, error: fromErrorShape(content) };
    if (kind === 'parts' && typeof content === 'number') return { kind: 'parts', number, bytes: content };
    if (kind === 'turns' && Array.isArray(content)) return { kind: 'turns', turns: content };
  }
  throw new SkepError('malformed', { message: 'the holder sent what is no answer', remedy: 'Use the same version of Skep on both sides.' });
}

function isErrorShape(content: unknown): content is ErrorShape {
  if (typeof content !== 'object' || content === null || !('error' in content)) return false;
  const { error } = content;
  if (typeof error !== 'object' || error === null) return false;
  const { code, message, id, remedy } = error as Readonly<Record<string, unknown>>;
  return typeof code === 'string' && typeof message === 'string' && typeof remedy === 'string' && (id === null || typeof id === 'string');
}

function textOf(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch (cause) {
    throw new SkepError('malformed', { message: 'this JSON is no UTF-8', cause });
  }
}
