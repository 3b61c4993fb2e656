import { type AgentId, isSkepError } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refuseCycle } from '../src/call-cycle.js';

const agent = (at: number) => `default/k/${at}` as AgentId;

function refused(waits: readonly (readonly number[])[], from: number, to: number): boolean {
  try {
    refuseCycle({
      from: agent(from),
      to: agent(to),
      chain: [agent(from)],
      chainMax: 100,
      awaitedBy: (id) => (waits[Number(id.split('/')[2])] ?? []).map(agent),
    });
    return false;
  } catch (error) {
    if (isSkepError(error, 'call-cycle')) return true;
    throw error;
  }
}

/** The dumb model: is `from` reached from `to`? */
function reaches(waits: readonly (readonly number[])[], from: number, to: number): boolean {
  const reached = new Set([to]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const at of [...reached]) for (const next of waits[at] ?? []) if (!reached.has(next)) grew = reached.add(next).size > 0;
  }
  return reached.has(from);
}

describe('U2: a cycle of calls', () => {
  it('is refused exactly when the call would come back to who makes it, whatever others wait for', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(6), { maxLength: 3 }), { maxLength: 7 }), fc.nat(6), fc.nat(6), (waits, from, to) => {
        expect(refused(waits, from, to)).toBe(reaches(waits, from, to));
      }),
    );
  });

  it('names the way round', () => {
    expect(() =>
      refuseCycle({ from: agent(0), to: agent(1), chain: [agent(0)], chainMax: 9, awaitedBy: (id) => (id === agent(1) ? [agent(2)] : [agent(0)]) }),
    ).toThrowError('default/k/0 -> default/k/1 -> default/k/2 -> default/k/0');
  });
});
