import { describe, expect, it } from 'vitest';
import { defineAgent } from '../src/index.js';
import { SeededChance } from '../src/seeded-chance.js';

const refused = (message: string) => expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining(message) });

describe('U1 G13: a kind that cannot work', () => {
  it('is refused where it is defined, with what is wrong', () => {
    const handlers = { go() {} };
    expect(() => defineAgent({ kind: '', initial: {}, handlers })).toThrowError(expect.objectContaining({ code: 'invalid-id' }));
    expect(() => defineAgent({ kind: 'k', initial: 1 as unknown as object, handlers })).toThrowError(refused('initial'));
    expect(() => defineAgent({ kind: 'k', initial: {}, handlers, queries: { go: () => 1 } })).toThrowError(refused('both a handler and a query'));
    expect(() => defineAgent({ kind: 'k', initial: {}, handlers: { go: 1 as unknown as () => void } })).toThrowError(refused('go is no function'));
    expect(() => defineAgent({ kind: 'k', initial: {}, handlers, inputs: { go: {} as never } })).toThrowError(refused('no Standard Schema'));
    expect(() => defineAgent({ kind: 'k', initial: {}, handlers, schema: {} as never })).toThrowError(refused('schema'));
  });
});

describe('U2: the chance of a turn', () => {
  it('is the same from the same seed, for ever, and from nought up to one', () => {
    const draw = (seed: number) => {
      const chance = new SeededChance(() => seed);
      return Array.from({ length: 4 }, () => chance.next());
    };
    // Written down once: a turn that a crash interrupted may be resumed by a later release.
    expect(draw(1)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522, 0.9810509674716741]);
    expect(draw(1)).not.toEqual(draw(2));
    const chance = new SeededChance(() => 42);
    for (let at = 0; at < 10_000; at += 1) {
      const drawn = chance.next();
      expect(drawn >= 0 && drawn < 1).toBe(true);
    }
  });

  it('is drawn only when it is needed', () => {
    let draws = 0;
    const chance = new SeededChance(() => {
      draws += 1;
      return 5;
    });
    expect(draws).toBe(0);
    chance.next();
    expect([chance.seed, draws]).toEqual([5, 1]);
  });
});
