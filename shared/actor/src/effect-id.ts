/**
 * Ids of what a turn does to others, made again by every resumption. A step's id is that of (universe, timeline, agent, operation, step):
 * it also stays when its message is tried again after a failure, so that the outside world can tell that it saw the step before (G4).
 */
import { type AgentId, hash, operationId, parseOperationId } from '@skep/kernel';
import type { Cause, ReplySlot } from '@skep/protocol';

export interface TurnIdentity {
  /** `universe/timeline`. */
  readonly scope: string;
  readonly agent: AgentId;
  readonly version: number;
  readonly cause: Cause;
  readonly slot: ReplySlot | null;
  readonly seed: number;
  /** When the timer that caused the turn was due. */
  readonly timerMs: number | undefined;
}

const utf8 = new TextEncoder();

export function stepId(turn: TurnIdentity, name: string, occurrence: number): string {
  const operation = operationOf(turn);
  const timeMs = turn.slot?.kind === 'operation' ? parseOperationId(turn.slot.id).timeMs : 0;
  return operationId(timeMs, digest(`${turn.scope} ${turn.agent} ${operation} ${name}#${occurrence}`));
}

/** A failed turn that is tried again asks anew: its first asks may have been about another state. */
export function askOperation(turn: TurnIdentity, name: string, occurrence: number, atMs: number): string {
  const { scope, agent, version, seed } = turn;
  return operationId(atMs, digest(`${scope} ${agent} ${version} ${seed} ${operationOf(turn)} ${name}#${occurrence}`));
}

/** What stands for the turn's operation: the same for every attempt where its cause can be named. */
function operationOf({ cause, slot, seed, version, timerMs }: TurnIdentity): string {
  switch (cause.kind) {
    case 'message':
      return `message ${cause.from} ${cause.sequence}`;
    case 'timer':
      return `timer ${cause.name} ${timerMs}`;
    case 'call':
    case 'control':
      if (slot === null) return `call ${version} ${seed}`;
      return slot.kind === 'operation' ? `operation ${slot.id}` : `session ${slot.id} ${slot.number}`;
  }
}

function digest(text: string): Uint8Array {
  return hash(utf8.encode(text)).slice(0, 10);
}
