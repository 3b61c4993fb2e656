import type { AgentId, SkepError } from '@skep/kernel';
import type { SendItem, TurnRecord } from '@skep/protocol';
import type { Activation } from './activation.js';
import type { TurnHost } from './turn-host.js';

/** What running turns sets off elsewhere in the node. */
export interface TurnEffects {
  /** The agent sent something; it may go to agents of this node at once. */
  sent(activation: Activation, items: readonly SendItem[]): void;
  /** A message was taken, and its record acknowledged. */
  taken(delivery: { readonly from: AgentId; readonly to: AgentId; readonly sequence: number }): void;
  timersChanged(activation: Activation): void;
  /** The agent's status changed: it takes messages again, or no more. */
  statusChanged(activation: Activation): void;
  /** The agent takes no message for now: its turn awaits, or it pauses after a failure. */
  awaiting(activation: Activation): void;
  /** A record in the middle of a turn: it must not wait for the turn's end, which may be hours away. */
  wrote(): void;
  /** The agent can take its next message. */
  schedule(activation: Activation): void;
  committed(activation: Activation, record: TurnRecord, sinceMs: number | undefined): void;
  failed(activation: Activation, error: SkepError): void;
  ask: TurnHost['ask'];
  methodKind: TurnHost['methodKind'];
}
