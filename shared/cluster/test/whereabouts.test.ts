import { type AgentId, agentId, incarnationId, isSkepError, nodeId } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Whereabouts } from '../src/index.js';

const agents = Array.from({ length: 6 }, (_, at) => agentId({ tenant: 't', kind: 'k', name: `a${at}` }));
const incarnations = ['x', 'y'].map((name) => incarnationId(nodeId(name), 1, Uint8Array.of(0)));
const actions = fc.array(
  fc.record({
    what: fc.constantFrom('learn', 'find', 'forget', 'forgetAll'),
    agent: fc.constantFrom(...agents),
    at: fc.constantFrom(...incarnations),
  }),
);

describe('whereabouts', () => {
  test('O2: they keep the agents that were used last, as a plain list would, and never more than their bound', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), actions, (bound, all) => {
        const whereabouts = new Whereabouts(bound);
        let model: (readonly [AgentId, string])[] = [];
        for (const { what, agent, at } of all) {
          const known = model.find(([each]) => each === agent);
          const others = model.filter(([each]) => each !== agent);
          if (what === 'learn') {
            whereabouts.learn(agent, at);
            model = [...others, [agent, at] as const].slice(-bound);
          } else if (what === 'find') {
            expect(whereabouts.find(agent)).toBe(known?.[1]);
            model = known === undefined ? model : [...others, known];
          } else if (what === 'forget') {
            whereabouts.forget(agent);
            model = others;
          } else {
            whereabouts.forgetAll(at);
            model = model.filter(([, where]) => where !== at);
          }
          expect(whereabouts.size).toBe(model.length);
        }
        for (const [agent, at] of model) expect(whereabouts.find(agent)).toBe(at);
      }),
    );
  });

  test('G13: a bound that holds nothing is refused', () => {
    for (const bound of [0, -1, 1.5, Number.NaN]) {
      let code: string | undefined;
      try {
        new Whereabouts(bound);
      } catch (error) {
        code = isSkepError(error) ? error.code : undefined;
      }
      expect(code).toBe('invalid-input');
    }
  });
});
