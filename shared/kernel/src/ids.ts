/**
 * Ids. Each is a branded string that only its make or parse function creates.
 *
 * A name is any well-formed text of 1 to 128 bytes. Its *token* is the escaped form, made of `a-z 0-9 - _ =` only, so that subjects,
 * registry keys and file names (on case-insensitive disks, too) all allow it:
 * - bytes outside `a-z 0-9 - _` become `=hh`; a name that Windows reserves has its first byte escaped;
 * - where that exceeds 200 characters, the token is `==` and the base32 of the bytes (at most 207 characters).
 */
import { SkepError } from './errors.js';
import { LIMITS } from './limits.js';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** `tenant/kind/name`, each part a token: a Map key, a registry key, and with `.` for `/` a part of a subject. */
export type AgentId = Branded<'AgentId'>;
export type NodeId = Branded<'NodeId'>;
/** One start of a node; never reused. */
export type IncarnationId = Branded<'IncarnationId'>;
export type UniverseId = Branded<'UniverseId'>;
/** `universe/timeline/incarnation`: the log of one incarnation in one universe. */
export type LaneId = Branded<'LaneId'>;
/** A UUIDv7: its first 48 bits are the milliseconds since 1970. */
export type OperationId = Branded<'OperationId'>;
export type SessionId = Branded<'SessionId'>;
/** 64 lower-case hexadecimal digits: a BLAKE3 hash. */
export type HashHex = Branded<'HashHex'>;

export interface AgentAddress {
  readonly tenant: string;
  readonly kind: string;
  readonly name: string;
}

const TOKEN_LENGTH_MAX = 200;
/** Names of 1 to `LIMITS.idBytes` characters that need no escape. */
const PLAIN = /^[a-z0-9_-]{1,128}$/;
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])$/;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws SkepError `invalid-id` */
export function checkName(what: string, text: unknown): asserts text is string {
  const refuse = (why: string): never => {
    throw new SkepError('invalid-id', { message: `${what} ${why}`, id: typeof text === 'string' ? text.slice(0, 64) : String(text) });
  };
  if (typeof text !== 'string') return refuse('must be text');
  if (text.length === 0) return refuse('must not be empty');
  if (!text.isWellFormed()) return refuse('has a lone surrogate');
  // A unit of text has at most three bytes.
  if (text.length * 3 > LIMITS.idBytes && utf8.encode(text).length > LIMITS.idBytes) return refuse(`is longer than ${LIMITS.idBytes} bytes`);
}

/** The escaped form of a name. @throws SkepError `invalid-id` */
export function tokenOf(what: string, name: string): string {
  // Most names are their own tokens; a regular expression knows it without encoding them.
  if (typeof name === 'string' && PLAIN.test(name) && !RESERVED.test(name)) return name;
  checkName(what, name);
  const bytes = utf8.encode(name);
  let token = '';
  for (const byte of bytes) {
    const plain = (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x5f;
    token += plain ? String.fromCharCode(byte) : escapeByte(byte);
  }
  if (RESERVED.test(name)) return escapeByte(bytes[0] as number) + name.slice(1);
  return token.length <= TOKEN_LENGTH_MAX ? token : `==${base32(bytes)}`;
}

/** The name that a token stands for. @throws SkepError `invalid-id` for what `tokenOf` does not make. */
export function nameOf(token: string): string {
  if (PLAIN.test(token) && !RESERVED.test(token)) return token;
  let name: string | undefined;
  try {
    name = token.startsWith('==') ? fromUtf8.decode(unbase32(token.slice(2))) : fromUtf8.decode(unescapeBytes(token));
  } catch {
    name = undefined;
  }
  if (name === undefined || name === '' || tokenOf('id', name) !== token) {
    throw new SkepError('invalid-id', { message: 'this is not an escaped id', id: token.slice(0, 64) });
  }
  return name;
}

/** @throws SkepError `invalid-id` */
export function agentId({ tenant, kind, name }: AgentAddress): AgentId {
  return `${tokenOf('tenant', tenant)}/${tokenOf('kind', kind)}/${tokenOf('agent id', name)}` as AgentId;
}

/** @throws SkepError `invalid-id` */
export function parseAgentId(text: string): AgentAddress {
  const parts = text.split('/');
  if (parts.length !== 3) throw new SkepError('invalid-id', { message: 'an agent is addressed by tenant/kind/id', id: text.slice(0, 64) });
  const [tenant, kind, name] = parts.map(nameOf) as [string, string, string];
  return { tenant, kind, name };
}

export function nodeId(name: string): NodeId {
  return tokenOf('node', name) as NodeId;
}

/** @param random 10 random bytes */
export function incarnationId(node: NodeId, nowMs: number, random: Uint8Array): IncarnationId {
  return `${node}-${nowMs.toString(36)}-${hexOf(random)}` as IncarnationId;
}

/** Which node started, and when by its wall clock. @throws SkepError `invalid-id` for what `incarnationId` does not make */
export function parseIncarnationId(text: string): { readonly id: IncarnationId; readonly node: NodeId; readonly startedMs: number } {
  const [, node, started, random] = /^(.+)-([0-9a-z]{1,11})-((?:[0-9a-f]{2})+)$/.exec(text) ?? [];
  const startedMs = Number.parseInt(started ?? '', 36);
  if (node === undefined || random === undefined || !Number.isSafeInteger(startedMs) || startedMs.toString(36) !== started) {
    throw new SkepError('invalid-id', { message: 'this is no incarnation of a node', id: text.slice(0, 64) });
  }
  nameOf(node);
  return { id: text as IncarnationId, node: node as NodeId, startedMs };
}

export function universeId(name: string): UniverseId {
  return tokenOf('universe', name) as UniverseId;
}

export function laneId(universe: UniverseId, timeline: number, incarnation: IncarnationId): LaneId {
  return `${universe}/${timeline}/${incarnation}` as LaneId;
}

/** The incarnation whose log a lane is. */
export function incarnationOf(lane: LaneId): IncarnationId {
  return lane.slice(lane.lastIndexOf('/') + 1) as IncarnationId;
}

/** A UUIDv7 (RFC 9562). @param random 10 random bytes */
export function operationId(nowMs: number, random: Uint8Array): OperationId {
  const tail = random.slice(0, 10);
  tail[0] = 0x70 | ((tail[0] as number) & 0x0f);
  tail[2] = 0x80 | ((tail[2] as number) & 0x3f);
  const hex = nowMs.toString(16).padStart(12, '0') + hexOf(tail);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` as OperationId;
}

/** @throws SkepError `invalid-id` for what is no UUIDv7 */
export function parseOperationId(text: string): { readonly id: OperationId; readonly timeMs: number } {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text)) {
    throw new SkepError('invalid-id', { message: 'an operation id is a UUIDv7 in lower case', id: String(text).slice(0, 64) });
  }
  return { id: text as OperationId, timeMs: Number.parseInt(text.slice(0, 8) + text.slice(9, 13), 16) };
}

export function sessionId(text: string): SessionId {
  checkName('session', text);
  return text as SessionId;
}

/** @throws SkepError `invalid-id` */
export function hashHex(text: string): HashHex {
  if (!/^[0-9a-f]{64}$/.test(text)) throw new SkepError('invalid-id', { message: 'a hash has 64 hexadecimal digits', id: text.slice(0, 64) });
  return text as HashHex;
}

function escapeByte(byte: number): string {
  return `=${byte.toString(16).padStart(2, '0')}`;
}

function unescapeBytes(token: string): Uint8Array {
  const bytes: number[] = [];
  for (let at = 0; at < token.length; at += 1) {
    if (token[at] === '=') {
      bytes.push(Number.parseInt(token.slice(at + 1, at + 3), 16));
      at += 2;
    } else bytes.push(token.charCodeAt(at));
  }
  return Uint8Array.from(bytes);
}

function base32(bytes: Uint8Array): string {
  let bits = 0;
  let held = 0;
  let text = '';
  for (const byte of bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      text += BASE32[(bits >> held) & 31];
    }
    bits &= 0xff;
  }
  return held > 0 ? text + BASE32[(bits << (5 - held)) & 31] : text;
}

function unbase32(text: string): Uint8Array {
  let bits = 0;
  let held = 0;
  const bytes: number[] = [];
  for (const letter of text) {
    bits = ((bits << 5) | BASE32.indexOf(letter)) & 0xfff;
    held += 5;
    if (held >= 8) {
      held -= 8;
      bytes.push((bits >> held) & 0xff);
    }
  }
  return Uint8Array.from(bytes);
}

function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}
