import type { AgentId, Value } from '@skep/kernel';
import type { NotTaken, SendItem } from '@skep/protocol';

export interface AskElsewhere {
  readonly operation: string;
  /** The agents whose turns await the call, outermost first. */
  readonly chain: readonly AgentId[];
  readonly correlation: string | null;
}

/** The other nodes as the actors of this one see them. What is sent may be lost; whoever must not lose it sends it again. */
export interface OtherNodes {
  /** Whether messages to the agent go to another node: it is held there, or that node should take it. Never for one that is in memory here. */
  isAway(agent: AgentId): boolean;
  deliver(from: AgentId, item: SendItem): void;
  /** Tells the sender's node that a receiver's record is acknowledged. */
  taken(from: AgentId, to: AgentId, sequence: number): void;
  returned(from: AgentId, to: AgentId, why: NotTaken): void;
  /** Asks wherever the agent is, here too, until it is answered or time is up. */
  ask(agent: AgentId, method: string, input: Value, options: AskElsewhere): Promise<Value>;
}
