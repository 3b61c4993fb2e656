import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mailbox } from '../src/mailbox.js';

const action = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('push' as const), item: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('force' as const), item: fc.nat() }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'shift' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('unshift' as const), item: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'take' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'drain' as const }) },
);

describe('O6: a mailbox', () => {
  it('is a bounded queue: what it takes it gives, in order, and what it cannot take it refuses', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.array(action, { maxLength: 600 }), (limit, actions) => {
        const mailbox = new Mailbox<number>(limit);
        let model: number[] = [];
        for (const each of actions) {
          switch (each.kind) {
            case 'push':
              expect(mailbox.push(each.item)).toBe(model.length < limit);
              if (model.length < limit) model.push(each.item);
              break;
            case 'force':
              mailbox.force(each.item);
              model.push(each.item);
              break;
            case 'shift':
              expect(mailbox.shift()).toBe(model.shift());
              break;
            case 'unshift':
              mailbox.unshift(each.item);
              model.unshift(each.item);
              break;
            case 'take':
              expect(mailbox.take((item) => item % 2 === 0)).toEqual(model.filter((item) => item % 2 === 0));
              model = model.filter((item) => item % 2 !== 0);
              break;
            case 'drain':
              expect(mailbox.drain()).toEqual(model);
              model = [];
          }
          expect([mailbox.size, mailbox.peek()]).toEqual([model.length, model[0]]);
        }
      }),
    );
  });
});
