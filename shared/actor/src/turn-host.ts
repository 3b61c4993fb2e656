import type { AgentId, Limits, Value } from '@skep/kernel';
import type { BegunRecord, StepRecord } from '@skep/protocol';
import type { Activation } from './activation.js';
import type { Turn } from './turn.js';

/** What a turn needs of the node. */
export interface TurnHost {
  readonly limits: Limits;
  /** `universe/timeline`, for ids that nobody else makes. */
  readonly scope: string;
  readonly nowMs: () => number;
  readonly seed: () => number;
  write(activation: Activation, record: BegunRecord | StepRecord): void;
  settled(activation: Activation): Promise<void>;
  progress(turn: Turn): void;
  pause(ms: number): Promise<void>;
  /** Refuses unknown kinds and methods. */
  methodKind(to: AgentId, method: string): 'handler' | 'query';
  ask(turn: Turn, to: AgentId, method: string, input: Value, operation: string): Promise<Value>;
}
