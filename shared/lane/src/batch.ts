/**
 * A batch: one entry of a lane. Its bytes, all integers as unsigned LEB128 ("varint"):
 *
 *   format (1 byte, 1) · kind (1 byte: 1 records, 2 seal) · number · previous hash (32 bytes; zeros for batch 1)
 *   · lane (length, ASCII) · count · count x record
 *   record = agent (length, ASCII) · epoch · position · body (length, bytes)
 *
 * Numbers are at most 2^53 - 1 and in their shortest form, so a batch has one byte string. The hash of a batch is the BLAKE3 of all its
 * bytes, and the next batch names it (rule L1). A seal is a batch without records.
 */
import { type AgentId, hash, type LaneId, SkepError } from '@skep/kernel';

export const BATCH_FORMAT = 1;
export const NO_HASH: Uint8Array = new Uint8Array(32);

/** One agent's record in a lane. `position` counts the agent's records from 1 without a gap, whoever owned it. */
export interface LaneRecord {
  readonly agent: AgentId;
  readonly epoch: number;
  readonly position: number;
  readonly body: Uint8Array;
}

export interface Batch {
  readonly kind: 'records' | 'seal';
  readonly lane: LaneId;
  readonly number: number;
  readonly previous: Uint8Array;
  readonly records: readonly LaneRecord[];
}

export interface EncodedBatch {
  readonly bytes: Uint8Array;
  readonly hash: Uint8Array;
}

const KINDS = ['records', 'seal'] as const;
const HEADER_BYTES_MAX = 2 + 10 + 32 + 10 + 10;
const RECORD_OVERHEAD_MAX = 10 + 10 + 10 + 10;

/** Bytes that a record takes in a batch, at most. */
export function recordSize(record: LaneRecord): number {
  return RECORD_OVERHEAD_MAX + record.agent.length + record.body.length;
}

export function encodeBatch(batch: Batch): EncodedBatch {
  let size = HEADER_BYTES_MAX + batch.lane.length;
  for (const record of batch.records) size += recordSize(record);
  const out = new Uint8Array(size);
  out[0] = BATCH_FORMAT;
  out[1] = KINDS.indexOf(batch.kind) + 1;
  let at = putVarint(out, 2, batch.number);
  out.set(batch.previous, at);
  at = putText(out, at + 32, batch.lane);
  at = putVarint(out, at, batch.records.length);
  for (const { agent, epoch, position, body } of batch.records) {
    at = putText(out, at, agent);
    at = putVarint(out, at, epoch);
    at = putVarint(out, at, position);
    at = putVarint(out, at, body.length);
    out.set(body, at);
    at += body.length;
  }
  // Sliced, not a view: the bytes go to another thread, and the view would carry the slack along.
  const bytes = out.slice(0, at);
  return { bytes, hash: hash(bytes) };
}

/** @throws SkepError `corrupt` for what is no batch, `unsupported-format` for a newer format */
export function decodeBatch(bytes: Uint8Array): Batch {
  if (bytes.length === 0 || (bytes[0] as number) === 0) throw damaged('it has no format byte');
  if ((bytes[0] as number) > BATCH_FORMAT) {
    throw new SkepError('unsupported-format', { message: `a lane's batch has format ${bytes[0]}, this Skep reads up to ${BATCH_FORMAT}` });
  }
  const kind = KINDS[(bytes[1] ?? 0) - 1];
  if (kind === undefined) throw damaged('its kind is unknown');
  const reader = new Reader(bytes, 2);
  const number = reader.varint();
  const previous = reader.bytes(32);
  const lane = reader.text() as LaneId;
  const count = reader.varint();
  if (kind === 'seal' && count > 0) throw damaged('a seal holds records');
  const records: LaneRecord[] = [];
  for (let index = 0; index < count; index += 1) {
    const agent = reader.text() as AgentId;
    const epoch = reader.varint();
    const position = reader.varint();
    records.push({ agent, epoch, position, body: reader.bytes(reader.varint()) });
  }
  reader.end();
  return { kind, lane, number, previous, records };
}

export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < 32; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

function damaged(why: string): SkepError {
  return new SkepError('corrupt', { message: `a lane's batch is damaged: ${why}` });
}

function putVarint(out: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  while (rest >= 0x80) {
    out[at++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  out[at++] = rest;
  return at;
}

/** Lanes and agents are escaped ids: ASCII. */
function putText(out: Uint8Array, start: number, text: string): number {
  let at = putVarint(out, start, text.length);
  for (let index = 0; index < text.length; index += 1) out[at++] = text.charCodeAt(index);
  return at;
}

class Reader {
  constructor(
    private readonly source: Uint8Array,
    private at: number,
  ) {}

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 8; index += 1) {
      const byte = this.source[this.at++];
      if (byte === undefined) throw damaged('it ends too early');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (byte === 0 && index > 0) throw damaged('a number is not in its shortest form');
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= 0x80;
    }
    throw damaged('a number is too large');
  }

  bytes(length: number): Uint8Array {
    if (this.at + length > this.source.length) throw damaged('it ends too early');
    const part = this.source.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }

  text(): string {
    const part = this.bytes(this.varint());
    let text = '';
    for (const byte of part) {
      if (byte >= 0x80) throw damaged('an id is not ASCII');
      text += String.fromCharCode(byte);
    }
    return text;
  }

  end(): void {
    if (this.at !== this.source.length) throw damaged('it has trailing bytes');
  }
}
