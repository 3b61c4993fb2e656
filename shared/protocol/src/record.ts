/**
 * Records: what one step of an agent's life adds to its log, as canonical MessagePack.
 *
 *   [1, kind, version, ms, counter, cause, correlation, what, rest]
 *   [2, kind, version, ms, counter, cause, correlation, what, rest, initial]
 *   [3, ...] and [4, ...]: the same with superpositions in `rest`
 *
 * An agent's first record has format 2 or 4, and says what the agent was before it ("initial"); all others have format 1 or 3. First
 * records of format 1 are read, too: they were written before there was another.
 * `what` holds the events of a turn, `rest` an object with everything that most turns do not have. `turn` ends a turn, `begun` journals
 * the start of one that awaits steps, `step` the result of one step. Old values of changes are not stored: folding brings them back.
 * `record-reader.ts` reads what is written here.
 */
import { type AgentId, encode, type Path, type Value } from '@skep/kernel';
import { editFields } from './record-fields.js';
import { type SuperpositionItem, superpositionFields } from './superposition-item.js';

/** The newest format. */
export const RECORD_FORMAT = 4;
/** The first of two that tell of superpositions. */
export const FORMAT_SUPERPOSED = 3;

export type Cause =
  | { readonly kind: 'call'; readonly operation: string | null }
  | { readonly kind: 'message'; readonly from: AgentId; readonly sequence: number }
  | { readonly kind: 'timer'; readonly name: string }
  | { readonly kind: 'control'; readonly operation: string | null };

/** A change without the old value. On lists `create` inserts, `update` replaces, `delete` removes and shifts. */
export type RecordEdit =
  | { readonly kind: 'create' | 'update'; readonly path: Path; readonly new: Value }
  | { readonly kind: 'delete'; readonly path: Path };

export interface RecordEvent {
  readonly type: string;
  readonly data: Value;
  readonly edits: readonly RecordEdit[];
}

export interface SendItem {
  readonly to: AgentId;
  /** Counts the messages from this agent to that one, from 1 without a gap. */
  readonly sequence: number;
  readonly method: string;
  readonly input: Value;
  readonly correlation: string | null;
}

export interface TimerItem {
  readonly name: string;
  /** When it fires, in ms since 1970; null cancels it. */
  readonly atMs: number | null;
  /** Fires again after this many ms; 0: once. */
  readonly everyMs: number;
  readonly method: string;
  readonly input: Value;
}

/** Where a reply is remembered, so that the same call is never run twice (G4). */
export type ReplySlot =
  | { readonly kind: 'operation'; readonly id: string }
  | { readonly kind: 'session'; readonly id: string; readonly number: number; readonly acknowledged: number };

export interface RememberedReply {
  readonly slot: ReplySlot;
  /** Hash of method and input: the same id with another body is refused. */
  readonly body: Uint8Array;
  readonly value: Value;
}

export type AgentStatus = 'active' | 'suspended' | 'stopped' | 'quarantined' | 'terminated';

/** What most turns do not have. */
export interface RecordRest {
  readonly sends?: readonly SendItem[];
  /** Receivers and the sequence up to which they committed this agent's messages. */
  readonly taken?: readonly (readonly [AgentId, number])[];
  readonly timers?: readonly TimerItem[];
  readonly reply?: RememberedReply;
  readonly status?: AgentStatus;
  readonly checkpoint?: { readonly name: string; readonly root: string };
  /** The agent began as a branch of another. */
  readonly lineage?: { readonly agent: AgentId; readonly version: number; readonly root: string };
  /** What happened to the agent's superpositions, in this order, before the edits of this record. */
  readonly superposition?: readonly SuperpositionItem[];
}

interface Common {
  /** Version of the agent after this record. */
  readonly version: number;
  /** Hybrid logical time. */
  readonly ms: number;
  readonly counter: number;
  readonly cause: Cause;
  readonly correlation: string | null;
}

export interface TurnRecord extends Common {
  readonly kind: 'turn';
  /** The content before an agent's first record; no other record has it. */
  readonly initial?: Value;
  readonly events: readonly RecordEvent[];
  readonly rest: RecordRest;
}

export interface BegunRecord extends Common {
  readonly kind: 'begun';
  readonly initial?: Value;
  readonly method: string;
  readonly input: Value;
  readonly seed: number;
  readonly slot: ReplySlot | null;
  readonly body: Uint8Array | null;
}

export type StepOutcome =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'error'; readonly code: string; readonly message: string };

export interface StepRecord extends Common {
  readonly kind: 'step';
  /** A step is never the first. */
  readonly initial?: never;
  readonly name: string;
  readonly occurrence: number;
  readonly outcome: StepOutcome;
}

export type AgentRecord = TurnRecord | BegunRecord | StepRecord;

export const KINDS = ['turn', 'begun', 'step'] as const;

export function encodeRecord(record: AgentRecord): Uint8Array {
  const { initial } = record;
  const fields: Value[] = [
    formatOf(record),
    KINDS.indexOf(record.kind),
    record.version,
    record.ms,
    record.counter,
    causeFields(record.cause),
    record.correlation,
    whatOf(record),
    record.kind === 'turn' ? restFields(record.rest) : null,
  ];
  if (initial !== undefined) fields.push(initial);
  return encode(fields);
}

function formatOf(record: AgentRecord): number {
  const superposed = record.kind === 'turn' && record.rest.superposition !== undefined;
  return (superposed ? FORMAT_SUPERPOSED : 1) + (record.initial === undefined ? 0 : 1);
}

function whatOf(record: AgentRecord): Value {
  switch (record.kind) {
    case 'turn':
      return record.events.map(({ type, data, edits }) => [type, data, edits.map(editFields)]);
    case 'begun':
      return [record.method, record.input, record.seed, record.slot === null ? null : slotFields(record.slot), record.body];
    case 'step': {
      const { outcome } = record;
      return outcome.kind === 'value'
        ? [record.name, record.occurrence, true, outcome.value, null]
        : [record.name, record.occurrence, false, outcome.message, outcome.code];
    }
  }
}

function causeFields(cause: Cause): Value {
  switch (cause.kind) {
    case 'call':
      return [0, cause.operation];
    case 'message':
      return [1, cause.from, cause.sequence];
    case 'timer':
      return [2, cause.name];
    case 'control':
      return [3, cause.operation];
  }
}

function slotFields(slot: ReplySlot): Value {
  return slot.kind === 'operation' ? [slot.id] : [slot.id, slot.number, slot.acknowledged];
}

function restFields(rest: RecordRest): Value {
  const fields: { [name: string]: Value } = {};
  if (rest.sends !== undefined)
    fields.sends = rest.sends.map(({ to, sequence, method, input, correlation }) => [to, sequence, method, input, correlation]);
  if (rest.taken !== undefined) fields.taken = rest.taken;
  if (rest.timers !== undefined) fields.timers = rest.timers.map(({ name, atMs, everyMs, method, input }) => [name, atMs, everyMs, method, input]);
  if (rest.reply !== undefined) fields.reply = [slotFields(rest.reply.slot), rest.reply.body, rest.reply.value];
  if (rest.status !== undefined) fields.status = rest.status;
  if (rest.checkpoint !== undefined) fields.checkpoint = [rest.checkpoint.name, rest.checkpoint.root];
  if (rest.lineage !== undefined) fields.lineage = [rest.lineage.agent, rest.lineage.version, rest.lineage.root];
  if (rest.superposition !== undefined) fields.superposition = rest.superposition.map(superpositionFields);
  for (const _ in fields) return fields;
  return null;
}
