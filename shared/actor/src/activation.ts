/**
 * One agent in memory: its state, its mailbox, and the turn that is under way.
 *
 *   claiming -> ready -> (settling) -> freeing -> gone
 *       |         |
 *       v         v
 *     failed    lapsed (its uncommitted records were given up; it is claimed again)
 */
import { type AgentAddress, type AgentId, type HashHex, parseAgentId } from '@skep/kernel';
import type { Ticket } from '@skep/lane';
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
  /** Number of the agent's last record. */
  position = 0;
  lastTicket: Ticket = 0;
  turn: Turn | undefined;
  scheduled = false;
  /** No message is taken: a pause after a failure. */
  paused = false;
  failures: Failures = NO_FAILURES;
  /** Bodies of the records after the last settled snapshot. */
  tail: Uint8Array[] = [];
  tailBytes = 0;
  settled: Settled = NEVER_SETTLED;
  settling = false;
  lastUsedMs: number;
  /** The last sequence from each sender that waits in the mailbox. */
  readonly enqueued = new Map<AgentId, number>();
  /** Receivers that took this agent's messages, not recorded yet. */
  readonly taken = new Map<AgentId, number>();
  redelivering = false;
  timersQueued = new Set<string>();
  cancelTimer: (() => void) | undefined;
  watchHandle: number | undefined;
  /** Resolved or rejected when the claim ended; for those who wait to read. */
  readonly waiting: { readonly resolve: (activation: Activation) => void; readonly reject: (error: Error) => void }[] = [];

  constructor(
    readonly agent: AgentId,
    readonly kind: AnyKind,
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
}
