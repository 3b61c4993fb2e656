import { defineAgent } from '@skep/actor';
import { SkepError } from '@skep/kernel';

export const PURSE_TOKENS = 100;

export interface PurseState {
  balance: number;
  /** Messages sent to each purse, and the last one taken from each. */
  sent: { [name: string]: number };
  last: { [name: string]: number };
  /** Messages that came out of order. */
  disorder: string[];
}

export interface Pass {
  readonly op: string;
  readonly to: string;
  readonly amount: number;
  /** How often the tokens are passed on. */
  readonly hops: number;
}

interface Take {
  readonly from: string;
  readonly number: number;
  readonly amount: number;
  readonly hops: number;
}

interface Sender {
  readonly name: string;
  send(to: { readonly kind: string; readonly name: string }, method: string, input: unknown): void;
}

export const purseKind = (passivateAfterMs: number) =>
  defineAgent({
    kind: 'purse',
    initial: { balance: PURSE_TOKENS, sent: {}, last: {}, disorder: [] } as PurseState,
    passivateAfterMs,
    handlers: {
      pass(state, { to, amount, hops }: Pass, context) {
        if (state.balance < amount) throw new SkepError('invalid-input', { message: `the purse holds ${state.balance}`, id: context.agent });
        give(state, { to, amount, hops }, context);
        return state.balance;
      },
      take(state, { from, number, amount, hops }: Take, context) {
        const last = state.last[from] ?? 0;
        if (number !== last + 1) state.disorder.push(`${from} ${number} after ${last}`);
        state.last[from] = number;
        state.balance += amount;
        if (hops > 0) give(state, { to: from, amount, hops: hops - 1 }, context);
      },
    },
    queries: { look: (state) => state },
  });

function give(state: PurseState, { to, amount, hops }: Omit<Pass, 'op'>, context: Sender): void {
  const number = (state.sent[to] ?? 0) + 1;
  state.sent[to] = number;
  state.balance -= amount;
  context.send({ kind: 'purse', name: to }, 'take', { from: context.name, number, amount, hops });
}
