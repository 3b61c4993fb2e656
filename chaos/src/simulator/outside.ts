/** What lies outside of everything judged: the order of what clients see, the effects that steps had, and what was found wrong on the way. */
import type { AgentId } from '@skep/kernel';
import type { Effect } from '../invariants/effects.js';
import type { Operation, PastState, ShownEvent } from '../invariants/operation.js';
import type { Broken } from '../invariants/violation.js';

export class Outside {
  readonly operations: Operation[] = [];
  /** Writes whose outcome is not known yet. */
  readonly open = new Map<string, Omit<Operation, 'outcome'>>();
  readonly past: PastState[] = [];
  readonly events: ShownEvent[] = [];
  readonly effects: Effect[] = [];
  readonly broken: Broken[] = [];
  /** Operation ids that were sent, whatever came of them. */
  readonly sent = new Set<string>();
  /** How often something worth meeting was met. */
  readonly met = new Map<string, number>();
  /** Steps of turns under way whose results are known to be in the log, by agent and operation. */
  readonly #recorded = new Map<string, Set<string>>();
  #order = 0;

  /** The next number of the one order of all begins and ends. */
  next(): number {
    this.#order += 1;
    return this.#order;
  }

  began(operation: Omit<Operation, 'outcome'>): void {
    this.sent.add(operation.id);
    this.open.set(operation.id, operation);
  }

  ended(operation: Operation): void {
    this.open.delete(operation.id);
    this.operations.push(operation);
  }

  /** Nobody waits for them any more. */
  giveUpOpen(): void {
    for (const operation of [...this.open.values()]) this.ended({ ...operation, outcome: { kind: 'unknown' } });
  }

  meet(what: string): void {
    this.met.set(what, (this.met.get(what) ?? 0) + 1);
  }

  /** A turn is known to be begun: what an earlier one of the same operation recorded does not count for it. */
  begun(agent: AgentId, operation: string): void {
    this.#recorded.set(`${agent} ${operation}`, new Set());
  }

  recorded(agent: AgentId, operation: string, step: string, occurrence: number): void {
    this.#recorded.get(`${agent} ${operation}`)?.add(`${step}#${occurrence}`);
  }

  effect(effect: Omit<Effect, 'afterRecord'>): void {
    const { agent, operation, step, occurrence } = effect;
    const known = this.#recorded.get(`${agent} ${operation}`)?.has(`${step}#${occurrence}`) === true;
    this.effects.push({ ...effect, afterRecord: known ? 'yes' : 'no' });
  }
}
