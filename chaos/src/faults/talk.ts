/** What a run and its node processes say to each other, over the channel between parent and child. */
import type { AgentId, ErrorShape, IncarnationId, LaneId, Value } from '@skep/kernel';
import type { AgentRequest } from '@skep/runtime';

/** How a node process is to run. */
export interface NodeOrder {
  readonly name: string;
  readonly universe: string;
  readonly servers: readonly string[];
  /** Servers do not tell of each other: the connections shall stay behind their proxies. */
  readonly proxied: boolean;
  /** Files with the secret keys of the users `node` and `system`. */
  readonly keyFile: string;
  readonly systemKeyFile: string;
  /** Effects of steps are appended to it, a JSON line each. */
  readonly effectsFile: string;
  readonly passivateAfterMs: number;
  readonly settleEveryMs: number;
  /** Test-only: replies leave before their batch is in the log (L6). */
  readonly mistake?: 'hasty';
}

export type ToNode =
  | { readonly kind: 'ask'; readonly number: number; readonly request: AgentRequest; readonly waitMs: number }
  | { readonly kind: 'look'; readonly number: number };

export type FromNode =
  | { readonly kind: 'up'; readonly incarnation: IncarnationId }
  | { readonly kind: 'answer'; readonly number: number; readonly result: Value }
  | { readonly kind: 'refusal'; readonly number: number; readonly error: ErrorShape }
  | { readonly kind: 'view'; readonly number: number; readonly view: NodeLook }
  /** An agent that is not served, or a lane that ended otherwise than by a seal. */
  | { readonly kind: 'alarm'; readonly of: string; readonly error: ErrorShape };

export interface NodeLook {
  readonly incarnation: IncarnationId;
  readonly lane: LaneId;
  readonly held: readonly AgentId[];
  /** Live members as this node sees them. */
  readonly members: readonly IncarnationId[];
  /** What it has not done yet; empty when there is nothing. */
  readonly waiting: string;
  /** How many incarnations of this process were looked at. */
  readonly incarnations: number;
}
