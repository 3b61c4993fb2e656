/**
 * Messages from agent a to agent b, as their records have them. A record is one number: what it means stands in its highest bits.
 *
 * - E1 A message that was taken was sent: its cause is in the log (L6).
 * - E2 Messages are taken in order, each once.
 * - E3 A message that its sender counts as taken was taken: nobody else would send it again.
 */
import { Violation } from './violation.js';

export const SENDER = 0;
export const RECEIVER = 1;

const SEND = 0x40;
const TAKE = 0x80;
const TAKEN = 0x20;
const KINDS = SEND | TAKE | TAKEN;

/** What the nodes do about messages, so that tests can put a mistake in its place. */
export interface MessageRules {
  /** L6: a message leaves for another node when its record was acknowledged. */
  readonly postsWhenReleased: boolean;
  /** L6: its sender is told when the receiver's record was acknowledged. */
  readonly acknowledgesWhenReleased: boolean;
  /** Whether a receiver that took `cursor` messages takes this one. */
  readonly takes: (sequence: number, cursor: number) => boolean;
}

export const MESSAGE_RULES: MessageRules = {
  postsWhenReleased: true,
  acknowledgesWhenReleased: true,
  takes: (sequence, cursor) => sequence === cursor + 1,
};

/** The record of the nth message that is sent. */
export const sendOf = (sequence: number): number => SEND | sequence;
export const takeOf = (sequence: number): number => TAKE | sequence;
export const takenOf = (sequence: number): number => TAKEN | sequence;

export function isAboutMessages(record: number): boolean {
  return (record & KINDS) !== 0;
}

export function sentIn(state: readonly number[]): number {
  return countOf(state, SEND);
}

/** The cursor: how many messages the receiver has taken. */
export function takesIn(state: readonly number[]): number {
  return countOf(state, TAKE);
}

/** How many messages the sender knows to be taken. */
export function takenIn(state: readonly number[]): number {
  return countOf(state, TAKEN);
}

export function checkMessages(sender: readonly number[], receiver: readonly number[]): void {
  const taken = receiver.filter((record) => (record & KINDS) === TAKE).map((record) => record & ~TAKE);
  if (taken.some((sequence, index) => sequence !== index + 1)) throw new Violation(`messages were taken as [${taken}] (E2)`);
  const sent = sentIn(sender);
  if (taken.length > sent) throw new Violation(`orphan: ${taken.length} messages were taken, ${sent} were sent (E1)`);
  const known = takenIn(sender);
  if (known > taken.length) throw new Violation(`lost message: its sender counts ${known} as taken, ${taken.length} were (E3)`);
}

function countOf(state: readonly number[], kind: number): number {
  let count = 0;
  for (const record of state) if ((record & KINDS) === kind) count += 1;
  return count;
}
