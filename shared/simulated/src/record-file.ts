/**
 * Records in an append-only file, each with a checksum:
 *
 *   length u32 | crc32 u32 | synced f64 | kind u8 | key length u16 | key | number f64 | bytes
 *
 * `length` counts what follows `crc32`, which covers the same. `synced` is how much of the file was on the disk for good when the record
 * was written; by it recovery tells a tail that nobody was promised from damage to what had been acknowledged:
 *
 * - R1 At the first record that does not check, the rest is cut off if no later whole record says that this place had been synced.
 * - R2 Otherwise the file is damaged in the middle: `corrupt`, and nothing is cut or served.
 */
import { crc32 } from 'node:zlib';
import { SkepError } from '@skep/kernel';
import type { SimulatedFile } from './disk.js';

export type RecordKind = 'append' | 'trim' | 'update' | 'put' | 'delete';

export interface StoredRecord {
  readonly kind: RecordKind;
  /** Lane, registry key or hash. */
  readonly key: string;
  /** Sequence, first kept sequence or revision. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

/** Where a record lies. */
export interface Place {
  readonly at: number;
  readonly length: number;
}

const KINDS: readonly RecordKind[] = ['append', 'trim', 'update', 'put', 'delete'];
const HEAD_BYTES = 8;
const FIXED_BYTES = 8 + 1 + 2 + 8;
const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder();

export function encodeRecord({ kind, key, number, bytes }: StoredRecord, syncedLength: number): Uint8Array {
  const keyBytes = utf8.encode(key);
  const record = new Uint8Array(HEAD_BYTES + FIXED_BYTES + keyBytes.length + bytes.length);
  const view = new DataView(record.buffer);
  view.setUint32(0, record.length - HEAD_BYTES);
  view.setFloat64(8, syncedLength);
  view.setUint8(16, KINDS.indexOf(kind));
  view.setUint16(17, keyBytes.length);
  record.set(keyBytes, 19);
  view.setFloat64(19 + keyBytes.length, number);
  record.set(bytes, 27 + keyBytes.length);
  view.setUint32(4, crc32(record.subarray(HEAD_BYTES)));
  return record;
}

/** The record at a place, its bytes copied out. @throws SkepError `corrupt` */
export function readRecord(file: SimulatedFile, { at }: Place): StoredRecord {
  const found = recordAt(file, at);
  if (found === undefined) throw new SkepError('corrupt', { message: `the record at byte ${at} does not have its checksum` });
  return { ...found.record, bytes: found.record.bytes.slice() };
}

/** Every record in order; cuts off a tail that nobody was promised (R1). @throws SkepError `corrupt` (R2) */
export function recoverRecords(file: SimulatedFile, take: (record: StoredRecord, place: Place) => void): { readonly cutBytes: number } {
  let at = 0;
  for (;;) {
    const found = recordAt(file, at);
    if (found === undefined) break;
    take(found.record, { at, length: found.length });
    at += found.length;
  }
  for (let later = at + 1; later < file.length; later += 1) {
    const found = recordAt(file, later);
    if (found === undefined || found.synced <= at) continue;
    throw new SkepError('corrupt', {
      message: `the file is damaged at byte ${at}, and a record at ${later} proves that it had been complete there`,
      remedy: 'Restore the store from another copy.',
    });
  }
  const cutBytes = file.length - at;
  file.truncate(at);
  return { cutBytes };
}

function recordAt(file: SimulatedFile, at: number): { readonly record: StoredRecord; readonly length: number; readonly synced: number } | undefined {
  const head = file.read(at, at + HEAD_BYTES);
  if (head.length < HEAD_BYTES) return undefined;
  const view = new DataView(head.buffer, head.byteOffset, HEAD_BYTES);
  const length = view.getUint32(0);
  if (length < FIXED_BYTES || at + HEAD_BYTES + length > file.length) return undefined;
  const body = file.read(at + HEAD_BYTES, at + HEAD_BYTES + length);
  if (crc32(body) !== view.getUint32(4)) return undefined;
  const fields = new DataView(body.buffer, body.byteOffset, body.length);
  const kind = KINDS[fields.getUint8(8)];
  const keyLength = fields.getUint16(9);
  if (kind === undefined || FIXED_BYTES + keyLength > length) return undefined;
  const record: StoredRecord = {
    kind,
    key: fromUtf8.decode(body.subarray(11, 11 + keyLength)),
    number: fields.getFloat64(11 + keyLength),
    bytes: body.subarray(19 + keyLength),
  };
  return { record, length: HEAD_BYTES + length, synced: fields.getFloat64(0) };
}
