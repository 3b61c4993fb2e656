/** What waits in a mailbox. */
import type { AgentId, SkepError, Value } from '@skep/kernel';
import type { Level } from '@skep/ports';
import type { AgentStatus, BegunRecord, RecordRest, ReplySlot } from '@skep/protocol';
import type { Edit, Superpositions, Tree } from '@skep/state';

export interface TurnReply {
  readonly value: Value;
  readonly version: number;
  readonly level: Level;
}

/** Somebody awaits the outcome. Each of the two is called at most once. */
export interface Caller {
  resolve(reply: TurnReply): void;
  reject(error: SkepError): void;
}

export interface Call {
  readonly kind: 'call';
  readonly method: string;
  readonly input: Value;
  readonly slot: ReplySlot | null;
  /** Hash of method and input; only with a slot. */
  readonly body: Uint8Array | null;
  readonly expectedVersion: number | undefined;
  /** The agents whose turns await this call, outermost first. */
  readonly chain: readonly AgentId[];
  readonly correlation: string | null;
  readonly caller: Caller;
  readonly sinceMs: number;
}

export interface Delivery {
  readonly kind: 'delivery';
  readonly from: AgentId;
  readonly sequence: number;
  readonly method: string;
  readonly input: Value;
  readonly correlation: string | null;
}

export interface TimerShot {
  readonly kind: 'timer';
  readonly name: string;
  readonly atMs: number;
}

/** A turn that a crash interrupted, run again from its start with what it journalled. */
export interface Resumption {
  readonly kind: 'resumption';
  readonly begun: BegunRecord;
}

/** What an operator does to an agent: a record without a handler. */
export interface Command {
  readonly kind: 'command';
  readonly type: string;
  /** What the record says, given the agent as it is when its turn comes. Throws to refuse. */
  readonly plan: (agent: CommandedAgent) => CommandPlan;
  readonly caller: Caller;
}

/** The agent as it is when the command's turn comes; what its caller saw before may have been given up since. */
export interface CommandedAgent {
  readonly status: AgentStatus;
  readonly version: number;
  readonly position: number;
  readonly tree: Tree;
  readonly superpositions: Superpositions;
}

export interface CommandPlan {
  readonly data: Value;
  readonly edits: readonly Edit[];
  readonly rest: RecordRest;
}

/** Records which sent messages were taken, so that a snapshot need not carry them. */
export interface Housekeeping {
  readonly kind: 'housekeeping';
}

/** A reader's place in the queue: reached when everything before it had its turn. */
export interface Mark {
  readonly kind: 'mark';
  readonly caller: { resolve(): void; reject(error: SkepError): void };
}

export type Message = Call | Delivery | TimerShot | Resumption | Command | Housekeeping | Mark;
