import { SkepError } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Gate } from '../src/gate.js';

const ERROR = new SkepError('disk-full', { message: 'full' });

type Action = { readonly kind: 'write' | 'release' | 'abort' } | { readonly kind: 'hold'; readonly back: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Action>({ kind: 'write' }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('hold' as const), back: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.constant<Action>({ kind: 'release' }) },
  { weight: 1, arbitrary: fc.constant<Action>({ kind: 'abort' }) },
);

describe('L6: the gate', () => {
  it('A1: releases what rests on acknowledged tickets, once and in order; gives up what rests on tickets given up, whenever it comes', () => {
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        const gate = new Gate();
        /** The dumb model: what became of each ticket. */
        const fate: ('open' | 'acknowledged' | 'lost')[] = ['acknowledged'];
        const held: { readonly ticket: number; outcome: string }[] = [];
        const released: number[] = [];
        for (const each of actions) {
          const last = fate.length - 1;
          if (each.kind === 'write') {
            fate.push('open');
            gate.draw(last + 1);
          } else if (each.kind === 'hold') {
            const one = { ticket: Math.max(0, last - each.back), outcome: 'waiting' };
            held.push(one);
            gate.hold(one.ticket, {
              release: () => {
                one.outcome += ' released';
                released.push(one.ticket);
              },
              abort: () => {
                one.outcome += ' aborted';
              },
            });
          } else if (each.kind === 'release') {
            if (fate[last] === 'open') {
              fate.forEach((now, ticket) => {
                if (now === 'open') fate[ticket] = 'acknowledged';
              });
              const before = released.length;
              gate.release(last);
              const batch = released.slice(before);
              expect(batch).toEqual([...batch].sort((one, other) => one - other));
            }
          } else {
            fate.forEach((now, ticket) => {
              if (now === 'open') fate[ticket] = 'lost';
            });
            gate.abort(ERROR);
          }
          for (const { ticket, outcome } of held) {
            const expected = { open: 'waiting', acknowledged: 'waiting released', lost: 'waiting aborted' }[fate[ticket] ?? 'open'];
            expect([ticket, outcome]).toEqual([ticket, expected]);
          }
        }
        expect(gate.size).toBe(held.filter(({ outcome }) => outcome === 'waiting').length);
      }),
    );
  });

  it('what was given up keeps nobody waiting, and lets nobody fail, who comes afterwards', async () => {
    const gate = new Gate();
    gate.draw(1);
    const before = gate.quiet();
    gate.abort(ERROR);
    await expect(before).rejects.toBe(ERROR);
    await gate.quiet();
    gate.draw(2);
    let isQuiet = false;
    const after = gate.quiet().then(() => {
      isQuiet = true;
    });
    await Promise.resolve();
    expect(isQuiet).toBe(false);
    gate.release(2);
    await after;
  });
});
