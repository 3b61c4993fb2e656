/**
 * The lane: a node's write-ahead log (rules L1-L8, L10, L11), as pure code.
 *
 *   const lane = new Lane({ lane: id, exclusive: true });
 *   lane.claim(agent);
 *   for (const output of lane.take()) perform(output);      // answers go to lane.answer(request, outcome)
 *   const ticket = lane.write(agent, body);
 *   lane.flush();                                            // 'released' through that ticket: now replies may leave
 */
export { BATCH_FORMAT, type Batch, decodeBatch, type EncodedBatch, encodeBatch, type LaneRecord, NO_HASH } from './batch.js';
export {
  type DirectoryEntry,
  decodeEntry,
  directoryKey,
  directoryPrefix,
  encodeEntry,
  entryValue,
  type Range,
  type SnapshotReference,
} from './directory-entry.js';
export { Lane, type LaneOptions } from './lane.js';
export type { Answer, Death, LaneEvent, LaneOutput, LaneRequest, Refusal, RequestId, Ticket } from './outputs.js';
export { LaneTail, type Recovery, type RecoveryTask, recoverAgent } from './recovery.js';
export { type AppendInDoubt, RULES, type Rules, type Settlement } from './rules.js';
export type { Settling } from './stage.js';
