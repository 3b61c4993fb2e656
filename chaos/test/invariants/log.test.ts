import type { Value } from '@skep/kernel';
import type { SendItem } from '@skep/protocol';
import { describe, expect, test } from 'vitest';
import { checkAcknowledged, checkOrigin } from '../../src/invariants/acknowledged.js';
import { checkEffects, checkEffectsRan, type Effect } from '../../src/invariants/effects.js';
import { checkExactness } from '../../src/invariants/exactness.js';
import { checkBeginnings, checkLedger } from '../../src/invariants/ledger.js';
import { checkMessages, checkTokens } from '../../src/invariants/messages.js';
import { checkLive, checkPast, foldAll, naiveFold, rootOf } from '../../src/invariants/naive-fold.js';
import { A, B, invariantsOf, ledgerOf, refused, turn, unknown, write } from './histories.js';

describe('records of an agent (I2)', () => {
  const numbered = (position: number, version: number, epoch = 1) => ({ epoch, position, incarnation: 1, record: turn({ version }) });

  test('a whole log is accepted', () => {
    expect(checkLedger(ledgerOf({ [A]: [numbered(1, 1), numbered(2, 2), numbered(3, 3, 2)] }))).toEqual([]);
  });

  test('a gap, a fork, an epoch that goes down and a version that jumps are found', () => {
    expect(invariantsOf(checkLedger(ledgerOf({ [A]: [numbered(1, 1), numbered(3, 2)] })))).toEqual(['I2']);
    expect(invariantsOf(checkLedger(ledgerOf({ [A]: [numbered(1, 1), numbered(1, 1)] })))).toContain('I2');
    expect(invariantsOf(checkLedger(ledgerOf({ [A]: [numbered(1, 1, 2), numbered(2, 2, 1)] })))).toEqual(['I2']);
    expect(invariantsOf(checkLedger(ledgerOf({ [A]: [numbered(1, 1), numbered(2, 3)] })))).toEqual(['I2']);
  });
});

describe('the beginning of an agent (I2)', () => {
  const first = (initial?: Value) => ({ ...turn({ version: 1 }), ...(initial === undefined ? {} : { initial }) });

  test('a first record that says it, alone, is accepted', () => {
    expect(checkBeginnings(ledgerOf({ [A]: [first({ count: 0 }), turn({ version: 2 })] }))).toEqual([]);
  });

  test('one that says nothing or something else, and a later one that says it, are found', () => {
    expect(invariantsOf(checkBeginnings(ledgerOf({ [A]: [first()] })))).toEqual(['I2']);
    expect(invariantsOf(checkBeginnings(ledgerOf({ [A]: [first({ count: 1 })] })))).toEqual(['I2']);
    expect(invariantsOf(checkBeginnings(ledgerOf({ [A]: [first({ count: 0 }), { ...turn({ version: 2 }), initial: { count: 0 } }] })))).toEqual([
      'I2',
    ]);
  });
});

describe('what clients were told (I3, I4, I5)', () => {
  const ledger = ledgerOf({ [A]: [turn({ version: 1, operation: 'one' }), turn({ version: 2, operation: 'two' })] });

  test('acknowledged writes that are there, and unknown ones that are or are not, are accepted', () => {
    const told = [write('one', [1, 2], { version: 1 }), unknown('two', 3), unknown('three', 4), refused('four', 5, true)];
    expect(checkAcknowledged(told, ledger)).toEqual([]);
  });

  test('a lost one, one at another version, and one that was refused and took effect are found', () => {
    expect(invariantsOf(checkAcknowledged([write('three', [1, 2], { version: 3 })], ledger))).toEqual(['I3']);
    expect(invariantsOf(checkAcknowledged([write('one', [1, 2], { version: 2 })], ledger))).toEqual(['I3']);
    expect(invariantsOf(checkAcknowledged([refused('one', 1, true)], ledger))).toEqual(['I3']);
    expect(checkAcknowledged([refused('one', 1, false)], ledger)).toEqual([]);
  });

  test('an operation that took effect twice is found', () => {
    const twice = ledgerOf({ [A]: [turn({ version: 1, operation: 'one' }), turn({ version: 2, operation: 'one' })] });
    expect(invariantsOf(checkAcknowledged([], twice))).toEqual(['I5']);
  });

  test('a record that nobody asked for is found', () => {
    expect(checkOrigin(ledger, new Set(['one', 'two']))).toEqual([]);
    expect(invariantsOf(checkOrigin(ledger, new Set(['one'])))).toEqual(['I4']);
  });
});

describe('messages (I8, I11)', () => {
  const item = (sequence: number, amount = 1): SendItem => ({ to: B, sequence, method: 'take', input: { amount }, correlation: null });
  const sent = (...items: SendItem[]) => turn({ version: 1, rest: { sends: items } });
  const took = (sequence: number, version: number, type = 'take') =>
    turn({
      version,
      cause: { kind: 'message', from: A, sequence },
      events: [{ type, data: null, edits: [{ kind: 'update', path: ['count'], new: version }] }],
    });

  test('in order, some in flight, is accepted', () => {
    const facts = checkMessages(ledgerOf({ [A]: [sent(item(1), item(2))], [B]: [took(1, 1)] }));
    expect(facts.broken).toEqual([]);
    expect(facts.inFlight.map(({ sequence }) => sequence)).toEqual([2]);
  });

  test('out of order, twice, never sent, and another method are found', () => {
    const broken = (...taken: ReturnType<typeof took>[]) =>
      invariantsOf(checkMessages(ledgerOf({ [A]: [sent(item(1), item(2))], [B]: taken })).broken);
    expect(broken(took(2, 1), took(1, 2))).toEqual(['I8', 'I8']);
    expect(broken(took(1, 1), took(1, 2))).toEqual(['I8']);
    expect(broken(took(1, 1), took(2, 2), took(3, 3))).toEqual(['I4']);
    expect(broken(took(1, 1, 'steal'))).toEqual(['I8']);
  });

  test('a gap in what is sent, and a sender that was told of more than was taken, are found', () => {
    expect(invariantsOf(checkMessages(ledgerOf({ [A]: [sent(item(2))] })).broken)).toEqual(['I8']);
    const told = ledgerOf({ [A]: [sent(item(1)), turn({ version: 1, events: [], rest: { taken: [[B, 1]] } })] });
    expect(invariantsOf(checkMessages(told).broken)).toEqual(['I8']);
  });

  test('tokens that vanish are found', () => {
    const folds = foldAll(ledgerOf({ [A]: [sent(item(1, 4))] }));
    const tokens = (total: number) => ({ total, of: () => 10, in: (sentItem: SendItem) => (sentItem.input as { amount: number }).amount });
    expect(checkTokens(folds, [item(1, 4)], tokens(14))).toEqual([]);
    expect(invariantsOf(checkTokens(folds, [], tokens(14)))).toEqual(['I11']);
  });
});

describe('effects (I5)', () => {
  const begun = { kind: 'begun', version: 0, ms: 1, counter: 0, cause: { kind: 'call', operation: 'one' }, correlation: 'one' } as const;
  const begins = { ...begun, method: 'work', input: null, seed: 1, slot: { kind: 'operation', id: 'one' }, body: new Uint8Array(1) } as const;
  const step = { kind: 'step', version: 0, ms: 2, counter: 0, cause: begun.cause, correlation: 'one', name: 'fetch', occurrence: 1 } as const;
  const stepped = { ...step, outcome: { kind: 'value', value: 1 } } as const;
  const effect = (id: string, incarnation: number, afterRecord: 'yes' | 'no' = 'no'): Effect => ({
    agent: A,
    operation: 'one',
    step: 'fetch',
    occurrence: 1,
    id,
    incarnation,
    afterRecord,
  });
  const ledger = ledgerOf({ [A]: [begins, { epoch: 1, position: 2, incarnation: 2, record: stepped }, turn({ version: 1, operation: 'one' })] });

  test('a step that ran again before its result was recorded is accepted', () => {
    expect(checkEffects(ledger, [effect('e', 1), effect('e', 2)])).toEqual([]);
  });

  test('a recorded step that ran again, in the same start or a later one, and a step with two ids are found', () => {
    expect(invariantsOf(checkEffects(ledger, [effect('e', 2), effect('e', 2, 'yes')]))).toEqual(['I5']);
    expect(invariantsOf(checkEffects(ledger, [effect('e', 2), effect('e', 3)]))).toEqual(['I5']);
    expect(invariantsOf(checkEffects(ledger, [effect('e', 1), effect('f', 2)]))).toEqual(['I5']);
  });

  test('a committed turn whose step never ran is found', () => {
    expect(invariantsOf(checkEffectsRan(ledger, [], () => ['fetch']))).toEqual(['I5']);
  });
});

describe('the naive fold (I10, I14)', () => {
  const edited = turn({
    version: 1,
    events: [
      {
        type: 'edit',
        data: null,
        edits: [
          { kind: 'create', path: ['list'], new: [1, 3] },
          { kind: 'create', path: ['list', 1], new: 2 },
          { kind: 'update', path: ['list', 0], new: { deep: true } },
          { kind: 'delete', path: ['list', 2] },
          { kind: 'delete', path: ['count'] },
        ],
      },
    ],
  });

  test('keys and places in lists are created, replaced and removed', () => {
    const one = ledgerOf({ [A]: [edited] }).get(A);
    expect(one === undefined ? [] : naiveFold(one).states).toEqual([{ count: 0 }, { list: [{ deep: true }, 2] }]);
  });

  test('a live state that differs, in version, value or root, is found', () => {
    const folds = foldAll(ledgerOf({ [A]: [turn({ version: 1 })] }));
    const value = { count: 1 };
    const live = { agent: A, version: 1, value, root: rootOf(value) };
    expect(checkLive(folds, [live], 'now')).toEqual([]);
    expect(invariantsOf(checkLive(folds, [{ ...live, version: 0 }], 'now'))).toContain('I14');
    expect(invariantsOf(checkLive(folds, [{ ...live, value: { count: 2 } }], 'now'))).toEqual(['I14']);
    expect(invariantsOf(checkLive(folds, [{ ...live, root: rootOf({ count: 2 }) }], 'now'))).toEqual(['I14']);
  });

  test('a past that never was is found', () => {
    const ledger = ledgerOf({ [A]: [turn({ version: 1 })] });
    const folds = foldAll(ledger);
    const event = { agent: A, position: 1, version: 1, type: 'add' };
    expect(checkPast(ledger, folds, [{ agent: A, version: 0, value: { count: 0 } }], [event])).toEqual([]);
    expect(invariantsOf(checkPast(ledger, folds, [{ agent: A, version: 0, value: { count: 5 } }], []))).toEqual(['I1']);
    expect(invariantsOf(checkPast(ledger, folds, [], [{ ...event, position: 2 }]))).toEqual(['I1']);
  });

  test('a restore that brought back something else is found', () => {
    const restored = (root: string, count: number) =>
      ledgerOf({
        [A]: [
          turn({ version: 1 }),
          turn({ version: 2 }),
          turn({ version: 3, events: [{ type: 'restored', data: { version: 1, root }, edits: [{ kind: 'update', path: ['count'], new: count }] }] }),
        ],
      });
    const right = restored(rootOf({ count: 1 }), 1);
    expect(checkExactness(right, foldAll(right))).toEqual([]);
    const wrongState = restored(rootOf({ count: 1 }), 2);
    expect(invariantsOf(checkExactness(wrongState, foldAll(wrongState)))).toEqual(['I10']);
    const wrongRoot = restored(rootOf({ count: 9 }), 1);
    expect(invariantsOf(checkExactness(wrongRoot, foldAll(wrongRoot)))).toEqual(['I10']);
  });
});
