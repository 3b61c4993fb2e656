/**
 * Heartbeats: what a member says of itself to all others, many times a second.
 *
 * H1 A heartbeat is a map. Members of it that a reader does not know are left aside, and those that are missing have defaults, so that
 *    nodes of an older and a newer Skep hear each other: a node must not look dead because it says more.
 * H2 What is there must be right: a heartbeat with a wrong part is refused as a whole.
 */
import { decode, encode, type IncarnationId, isPlainObject, parseIncarnationId, SkepError, type Value } from '@skep/kernel';

/** `draining`: serves what it holds and takes nothing new. `leaving`: on its way out; its agents are being freed. */
export type MemberStatus = 'serving' | 'draining' | 'leaving';

/** How busy a node is. Shares are 0 (idle) to 1 (full). */
export interface Load {
  /** Agents that it holds. */
  readonly agents: number;
  readonly turnsPerSecond: number;
  /** Longest time since its last heartbeat that its thread did not come to its timers, beyond what was asked for. */
  readonly stallMs: number;
  readonly cpuShare: number;
  readonly memoryShare: number;
  /** Of what its lane may have under way to the log. */
  readonly logShare: number;
  /** How much it can bear compared with others; 1 unless an operator says otherwise. 0: nothing. */
  readonly capacity: number;
}

export interface Heartbeat {
  readonly incarnation: IncarnationId;
  /** Grows by 1 with each heartbeat of the incarnation. */
  readonly sequence: number;
  readonly status: MemberStatus;
  readonly load: Load;
  /** Those that this member has not heard for its patience; ascending. */
  readonly suspects: readonly IncarnationId[];
  /** Those that it declared dead a short while ago; ascending. */
  readonly dead: readonly IncarnationId[];
  /** Tenants whose address key this member lacks: their agents live elsewhere. Left out: none. */
  readonly keyless?: readonly string[];
}

/** Members that one cluster may have; who comes after is not heard. */
export const MEMBERS_MAX = 1024;

/** Tenants that one heartbeat names. */
const KEYLESS_MAX = 1024;

export const IDLE: Load = { agents: 0, turnsPerSecond: 0, stallMs: 0, cpuShare: 0, memoryShare: 0, logShare: 0, capacity: 1 };

const FORMAT = 1;
const STATUSES: readonly unknown[] = ['serving', 'draining', 'leaving'] satisfies readonly MemberStatus[];
const LOAD_NAMES = Object.keys(IDLE) as readonly (keyof Load)[];

export function encodeHeartbeat(heartbeat: Heartbeat): Uint8Array {
  return encode({ format: FORMAT, ...heartbeat });
}

/** @throws SkepError `malformed` */
export function decodeHeartbeat(bytes: Uint8Array): Heartbeat {
  const { format, incarnation, sequence, status, load, suspects, dead, keyless } = mapOf(decode(bytes), 'it');
  if (typeof format !== 'number' || !Number.isSafeInteger(format) || format < FORMAT) throw malformed('its format is no number');
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1) throw malformed('its sequence is no number from 1');
  if (typeof status !== 'string') throw malformed('its status is no text');
  return {
    incarnation: incarnationOf(incarnation),
    sequence,
    // A status that only a newer Skep knows: nothing new goes there.
    status: STATUSES.includes(status) ? (status as MemberStatus) : 'draining',
    load: loadOf(load),
    suspects: incarnationsOf(suspects),
    dead: incarnationsOf(dead),
    ...(keyless === undefined ? {} : { keyless: tenantsOf(keyless) }),
  };
}

function mapOf(value: Value | undefined, what: string): Readonly<Record<string, Value | undefined>> {
  if (typeof value !== 'object' || value === null || !isPlainObject(value)) throw malformed(`${what} is no map`);
  return value as Readonly<Record<string, Value | undefined>>;
}

function incarnationOf(value: Value | undefined): IncarnationId {
  if (typeof value !== 'string') throw malformed('an incarnation is no text');
  try {
    return parseIncarnationId(value).id;
  } catch {
    throw malformed('an incarnation is none');
  }
}

function incarnationsOf(value: Value | undefined): readonly IncarnationId[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > MEMBERS_MAX) throw malformed('incarnations are no list');
  return value.map(incarnationOf);
}

function tenantsOf(value: Value): readonly string[] {
  if (Array.isArray(value) && value.length <= KEYLESS_MAX && value.every((each) => typeof each === 'string')) return value;
  throw malformed('tenants are no list of texts');
}

function loadOf(value: Value | undefined): Load {
  const given = mapOf(value, 'its load');
  const load = { ...IDLE } as { -readonly [Name in keyof Load]: Load[Name] };
  for (const name of LOAD_NAMES) {
    const part = given[name];
    if (part === undefined) continue;
    if (typeof part !== 'number' || part < 0) throw malformed(`its load has a wrong ${name}`);
    load[name] = part;
  }
  return load;
}

function malformed(what: string): SkepError {
  return new SkepError('malformed', { message: `a heartbeat cannot be read: ${what}` });
}
