/**
 * Protocol: what crosses a process or a disk.
 *
 *   const bytes = encodeRecord(record);
 *   const again = decodeRecord(bytes, agent);
 */
export type { AgentEvent } from './event.js';
export { decodeFrame, encodeFrame, encodePeerItem, FRAME_FORMAT, type NotTaken, type PeerItem } from './peer-frame.js';
export {
  type AgentRecord,
  type AgentStatus,
  type BegunRecord,
  type Cause,
  encodeRecord,
  RECORD_FORMAT,
  type RecordEdit,
  type RecordEvent,
  type RecordRest,
  type RememberedReply,
  type ReplySlot,
  type SendItem,
  type StepOutcome,
  type StepRecord,
  type TimerItem,
  type TurnRecord,
} from './record.js';
export { decodeRecord } from './record-reader.js';
export { SeenNumbers } from './seen-numbers.js';
export { type Request, Subjects } from './subjects.js';
export type { BranchItem, SuperpositionItem } from './superposition-item.js';
