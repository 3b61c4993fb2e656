/**
 * Reads records back, field by field: what `encodeRecord` never writes is refused as `corrupt`, not taken for something near it. A record of
 * a newer format is told apart first, whatever its fields are.
 */
import { type AgentId, decode, isSkepError, SkepError, type Value } from '@skep/kernel';
import {
  type AgentRecord,
  type AgentStatus,
  type Cause,
  FORMAT_SUPERPOSED,
  KINDS,
  RECORD_FORMAT,
  type RecordEvent,
  type RecordRest,
  type RememberedReply,
  type ReplySlot,
  type SendItem,
  type StepOutcome,
  type TimerItem,
} from './record.js';
import { bytesOf, foreign, list, listOf, number, present, readEdit, text, textOrNull, whole } from './record-fields.js';
import { readSuperposition } from './superposition-item.js';

const STATUSES: readonly AgentStatus[] = ['active', 'suspended', 'stopped', 'quarantined', 'terminated'];

/** @throws SkepError `corrupt`, `unsupported-format` */
export function decodeRecord(bytes: Uint8Array, agent: AgentId): AgentRecord {
  try {
    const fields = list(decode(bytes));
    const format = whole(fields[0]);
    if (format > RECORD_FORMAT) {
      throw new SkepError('unsupported-format', { message: `a record has format ${format}, this Skep reads up to ${RECORD_FORMAT}`, id: agent });
    }
    if (format < 1 || fields.length !== (format % 2 === 1 ? 9 : 10)) throw foreign('its shape');
    const record = readRecord(fields);
    const superposed = record.kind === 'turn' && record.rest.superposition !== undefined;
    if (superposed !== format >= FORMAT_SUPERPOSED) throw foreign('its format');
    return record;
  } catch (cause) {
    if (isSkepError(cause, 'unsupported-format')) throw cause;
    throw new SkepError('corrupt', { message: `a record of the agent cannot be read: ${(cause as Error).message}`, id: agent, cause });
  }
}

function readRecord([, kind, version, ms, counter, cause, correlation, what, rest, initial]: readonly Value[]): AgentRecord {
  const common = {
    version: whole(version),
    ms: number(ms),
    counter: whole(counter),
    cause: readCause(list(cause)),
    correlation: textOrNull(correlation),
  };
  const known = KINDS[whole(kind)];
  if (known !== 'turn' && rest !== null) throw foreign('its rest');
  if (known === 'step' && initial !== undefined) throw foreign('a step that is the first record');
  const first = initial === undefined ? undefined : { initial };
  switch (known) {
    case 'turn':
      return { kind: 'turn', ...common, ...first, events: list(what).map(readEvent), rest: rest === null ? {} : readRest(rest) };
    case 'begun': {
      const [method, input, seed, slot, body] = listOf(what, 5);
      return {
        kind: 'begun',
        ...common,
        ...first,
        method: text(method),
        input: present(input),
        seed: number(seed),
        slot: slot === null ? null : readSlot(slot),
        body: body === null ? null : bytesOf(body),
      };
    }
    case 'step': {
      const [name, occurrence, ok, value, code] = listOf(what, 5);
      return { kind: 'step', ...common, name: text(name), occurrence: whole(occurrence), outcome: readOutcome(ok, value, code) };
    }
    case undefined:
      throw foreign(`its kind ${String(kind)}`);
  }
}

function readOutcome(ok: Value | undefined, value: Value | undefined, code: Value | undefined): StepOutcome {
  if (ok === true && code === null) return { kind: 'value', value: present(value) };
  if (ok === false) return { kind: 'error', code: text(code), message: text(value) };
  throw foreign('the outcome of a step');
}

function readEvent(value: Value): RecordEvent {
  const [type, data, edits] = listOf(value, 3);
  return { type: text(type), data: present(data), edits: list(edits).map(readEdit) };
}

function readCause(fields: readonly Value[]): Cause {
  const [kind, subject, sequence] = fields;
  if (fields.length !== (kind === 1 ? 3 : 2)) throw foreign('its cause');
  switch (kind) {
    case 0:
      return { kind: 'call', operation: textOrNull(subject) };
    case 1:
      return { kind: 'message', from: text(subject) as AgentId, sequence: whole(sequence) };
    case 2:
      return { kind: 'timer', name: text(subject) };
    case 3:
      return { kind: 'control', operation: textOrNull(subject) };
    default:
      throw foreign('its cause');
  }
}

function readSlot(value: Value): ReplySlot {
  const fields = list(value);
  if (fields.length === 1) return { kind: 'operation', id: text(fields[0]) };
  const [id, count, acknowledged] = listOf(value, 3);
  return { kind: 'session', id: text(id), number: whole(count), acknowledged: whole(acknowledged) };
}

function readRest(value: Value | undefined): RecordRest {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array || value instanceof Date) {
    throw foreign('its rest');
  }
  const rest: { -readonly [Name in keyof RecordRest]: RecordRest[Name] } = {};
  const members = Object.entries(value as { readonly [name: string]: Value });
  if (members.length === 0) throw foreign('its rest');
  for (const [name, field] of members) {
    switch (name) {
      case 'sends':
        rest.sends = list(field).map(readSend);
        break;
      case 'taken':
        rest.taken = list(field).map(readTaken);
        break;
      case 'timers':
        rest.timers = list(field).map(readTimer);
        break;
      case 'reply':
        rest.reply = readReply(field);
        break;
      case 'status':
        rest.status = readStatus(field);
        break;
      case 'checkpoint': {
        const [checkpoint, root] = listOf(field, 2);
        rest.checkpoint = { name: text(checkpoint), root: text(root) };
        break;
      }
      case 'lineage': {
        const [agent, version, root] = listOf(field, 3);
        rest.lineage = { agent: text(agent) as AgentId, version: whole(version), root: text(root) };
        break;
      }
      case 'superposition':
        rest.superposition = list(field).map(readSuperposition);
        break;
      default:
        throw foreign(`its part ${name}`);
    }
  }
  return rest;
}

function readSend(value: Value): SendItem {
  const [to, sequence, method, input, correlation] = listOf(value, 5);
  return { to: text(to) as AgentId, sequence: whole(sequence), method: text(method), input: present(input), correlation: textOrNull(correlation) };
}

function readTaken(value: Value): readonly [AgentId, number] {
  const [to, sequence] = listOf(value, 2);
  return [text(to) as AgentId, whole(sequence)];
}

function readTimer(value: Value): TimerItem {
  const [name, atMs, everyMs, method, input] = listOf(value, 5);
  return { name: text(name), atMs: atMs === null ? null : number(atMs), everyMs: number(everyMs), method: text(method), input: present(input) };
}

function readReply(value: Value): RememberedReply {
  const [slot, body, reply] = listOf(value, 3);
  return { slot: readSlot(present(slot)), body: bytesOf(body), value: present(reply) };
}

function readStatus(value: Value): AgentStatus {
  const status = STATUSES.find((each) => each === value);
  if (status === undefined) throw foreign('its status');
  return status;
}
