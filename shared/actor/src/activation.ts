/**
 * One agent in memory: its state, its mailbox, and the turn that is under way.
 *
 *   claiming -> ready -> (settling) -> freeing -> gone
 *       |         |
 *       v         v
 *      gone      gone (its uncommitted records were given up; it is claimed again)
 */
import { type AgentAddress, type AgentId, type HashHex, parseAgentId } from '@skep/kernel';
import type { Ticket } from '@skep/lane';
import type { RetainedAgent } from '@skep/state';
import type { ActorState } from './actor-state.js';
import type { AnyKind } from './kind.js';
import { Mailbox } from './mailbox.js';
import type { Message } from './message.js';
import { type Failures, NO_FAILURES } from './supervision.js';
import type { Turn } from './turn.js';

/** The last snapshot that the directory names. */
export interface Settled {
  readonly position: number;
  readonly version: number;
  readonly blob: HashHex | null;
  readonly segment: HashHex | null;
}

export const NEVER_SETTLED: Settled = { position: 0, version: 0, blob: null, segment: null };

export class Activation {
  readonly address: AgentAddress;
  readonly mailbox: Mailbox<Message>;
  stage: 'claiming' | 'ready' | 'freeing' = 'claiming';
  /** Undefined while claiming. */
  state: ActorState | undefined;
  /** Its versions in memory, the newest and those before; undefined while claiming. */
  versions: RetainedAgent | undefined;
  /** Number of the agent's last record. */
  position = 0;
  lastTicket: Ticket = 0;
  turn: Turn | undefined;
  scheduled = false;
  /** Set while no message is taken: a pause after a failure. */
  cancelPause: (() => void) | undefined;
  /** It is about to be let go: it takes no message, and what comes waits for its next holder. */
  frozen = false;
  /** Told when the agent is gone. */
  onGone: (() => void) | undefined;
  failures: Failures = NO_FAILURES;
  /** Bodies of the records after the last settled snapshot. */
  tail: Uint8Array[] = [];
  tailBytes = 0;
  settled: Settled = NEVER_SETTLED;
  settling = false;
  /** Bytes that the node had written when the directory last named this agent's place in the lane. */
  settledBytes = 0;
  /** The snapshot of an agent without records, by which it can rest. */
  emptyBlob: HashHex | undefined;
  lastUsedMs: number;
  /** The last sequence from each sender that was let into the mailbox; while the agent claims, all that is known of them. */
  readonly enqueued = new Map<AgentId, number>();
  /** Readers whose mark waits in the mailbox. */
  marks = 0;
  /** Senders for whose messages there was no room. */
  readonly starved = new Set<AgentId>();
  /** Receivers that took this agent's messages, not recorded yet. */
  readonly taken = new Map<AgentId, number>();
  /** The last sequence to each receiver on another node that was posted. */
  readonly posted = new Map<AgentId, number>();
  redelivering = false;
  reposting = false;
  timersQueued = new Set<string>();
  cancelTimer: (() => void) | undefined;
  watchHandle: number | undefined;
  /** Resolved or rejected when the claim ended; for those who wait to read. */
  readonly waiting: { readonly resolve: (activation: Activation) => void; readonly reject: (error: Error) => void }[] = [];

  constructor(
    readonly agent: AgentId,
    /** The newest code; a turn under way ends on that which it began with. */
    public kind: AnyKind,
    mailboxLimit: number,
    nowMs: number,
  ) {
    this.address = parseAgentId(agent);
    this.mailbox = new Mailbox(mailboxLimit);
    this.lastUsedMs = nowMs;
  }

  /** The state of an activation that is ready. */
  get ready(): ActorState {
    if (this.state === undefined) throw new Error(`${this.agent} is not ready`);
    return this.state;
  }

  get dirty(): boolean {
    return this.tail.length > 0;
  }

  get paused(): boolean {
    return this.cancelPause !== undefined || this.frozen;
  }

  endPause(): void {
    this.cancelPause?.();
    this.cancelPause = undefined;
  }
}
