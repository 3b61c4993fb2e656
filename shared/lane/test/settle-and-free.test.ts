/** Naming snapshots and letting go: L3 (from the moment a free is sent nothing is owned), L4, L5, L6, L10; O2, O3. */
import { describe, expect, test } from 'vitest';
import { decodeBatch } from '../src/index.js';
import { A, B, bytesOf, DISK_FULL, DrivenLane, entryOf, ME, OTHER, snapshotAt } from './driven-lane.js';

/** A held agent with so many acknowledged records, one a batch. */
function holding(records: number): DrivenLane {
  const driven = new DrivenLane().hold();
  for (let count = 1; count <= records; count += 1) driven.commit(String(count));
  return driven;
}

describe('L5: a settling names a snapshot and forgets what it covers', () => {
  test('the entry gets the snapshot, no trail, and begins at the batch of the snapshot', () => {
    const driven = holding(3);
    driven.after((lane) => expect(lane.settle(A, { ...snapshotAt(2, 2), wake: true })).toBe(true));
    expect(driven.waiting('update')).toMatchObject({
      expected: 1,
      entry: { owner: ME, since: 2, after: 1, epoch: 1, trail: [], snapshot: { position: 2 }, wake: true, free: false },
    });
    driven.answer('update', { kind: 'updated', revision: 2 });
    expect(driven.events('settled')).toEqual([{ kind: 'settled', agent: A, position: 2 }]);
  });

  test('the agent is served meanwhile', () => {
    const driven = holding(1);
    driven.after((lane) => lane.settle(A, snapshotAt(1, 1)));
    driven.commit('two');
    driven.answer('update', { kind: 'updated', revision: 2 });
    expect(driven.lane.standing(A)).toEqual({ epoch: 1, position: 2, acknowledged: 2 });
  });

  test('one settling at a time', () => {
    const driven = holding(2);
    driven.after((lane) => lane.settle(A, snapshotAt(1, 1)));
    driven.after((lane) => expect(lane.settle(A, snapshotAt(2, 2))).toBe(false));
    expect(driven.waitingKinds).toEqual(['update']);
  });

  test('a snapshot never replaces a newer one', () => {
    const driven = holding(2);
    driven.after((lane) => lane.settle(A, snapshotAt(2, 2)));
    driven.answer('update', { kind: 'updated', revision: 2 });
    driven.after((lane) => expect(lane.settle(A, snapshotAt(1, 1))).toBe(false));
    expect(driven.waitingKinds).toEqual([]);
  });

  test('an older snapshot that is named late never moves the beginning back', () => {
    const driven = holding(3);
    driven.after((lane) => lane.settle(A, snapshotAt(2, 2)));
    driven.answer('update', { kind: 'updated', revision: 2 });
    driven.after((lane) => lane.settle(A, snapshotAt(3, 1)));
    expect(driven.waiting('update').entry.since).toBe(2);
  });

  test('L6: a snapshot of what is not acknowledged is a bug, and is not sent', () => {
    const driven = holding(1);
    driven.send('two');
    expect(() => driven.lane.settle(A, snapshotAt(2, 1))).toThrow(/before its records were acknowledged/);
    expect(driven.waitingKinds).toEqual(['append']);
  });
});

describe('L3: a settling in doubt', () => {
  test.each(['unknown', 'conflict'] as const)('after %s it is made again at the revision that is read, with the same snapshot', (kind) => {
    const driven = holding(2);
    driven.after((lane) => lane.settle(A, snapshotAt(2, 2)));
    const { entry } = driven.waiting('update');
    driven.answer('update', { kind });
    driven.answer('get', { kind: 'entry', entry, revision: 2 });
    expect(driven.waiting('update')).toMatchObject({ expected: 2, entry });
    driven.answer('update', { kind: 'updated', revision: 3 });
    expect(driven.events('settled')).toHaveLength(1);
  });

  test('a later epoch in the entry says that somebody else took the agent: it is lost', () => {
    const driven = holding(2);
    driven.after((lane) => lane.settle(A, snapshotAt(2, 2)));
    driven.answer('update', { kind: 'conflict' });
    driven.answer('get', { kind: 'entry', entry: entryOf({ owner: OTHER, epoch: 2 }), revision: 7 });
    expect(driven.events('lost')).toEqual([{ kind: 'lost', agent: A }]);
    expect(driven.lane.holds(A)).toBe(false);
  });

  test('a refusal ends it, the agent is held on, and it can be tried again', () => {
    const driven = holding(2);
    driven.after((lane) => lane.settle(A, snapshotAt(2, 2)));
    driven.answer('update', { kind: 'failed', error: DISK_FULL });
    expect(driven.events('unsettled')).toEqual([{ kind: 'unsettled', agent: A, error: DISK_FULL }]);
    expect(driven.lane.holds(A)).toBe(true);
    driven.after((lane) => expect(lane.settle(A, snapshotAt(2, 2))).toBe(true));
  });

  test('the answer to a settling of an agent that was given up meanwhile changes nothing', () => {
    const driven = holding(1);
    driven.after((lane) => lane.settle(A, snapshotAt(1, 1)));
    driven.send('two');
    driven.answer('append', { kind: 'failed', error: DISK_FULL });
    expect(driven.lane.holds(A)).toBe(false);
    expect(driven.answer('update', { kind: 'updated', revision: 2 })).toEqual([]);
    expect(driven.lane.holds(A)).toBe(false);
  });
});

describe('L4: letting go', () => {
  test('O2: from the moment the free is sent the agent is not held', () => {
    const driven = holding(1);
    driven.after((lane) => expect(lane.free(A, snapshotAt(1, 1))).toBe(true));
    expect(driven.lane.holds(A)).toBe(false);
    expect(() => driven.lane.write(A, bytesOf('x'))).toThrow(/does not hold/);
    expect(driven.waiting('update').entry).toMatchObject({ free: true, snapshot: { position: 1 }, trail: [] });
  });

  test('an agent with a record that waits for its acknowledgement is not let go', () => {
    const driven = holding(1);
    driven.send('two');
    driven.after((lane) => expect(lane.free(A, snapshotAt(1, 1))).toBe(false));
    expect(driven.waitingKinds).toEqual(['append']);
    expect(driven.lane.holds(A)).toBe(true);
  });

  test('an agent whose settling is under way is not let go', () => {
    const driven = holding(1);
    driven.after((lane) => lane.settle(A, snapshotAt(1, 1)));
    driven.after((lane) => expect(lane.free(A, snapshotAt(1, 1))).toBe(false));
  });

  test('G1: a free whose snapshot lacks acknowledged records is a bug, and is not sent', () => {
    const driven = holding(2);
    expect(() => driven.lane.free(A, snapshotAt(1, 1))).toThrow(/lacks records/);
    expect(driven.lane.holds(A)).toBe(true);
    expect(driven.waitingKinds).toEqual([]);
  });

  test.each([
    { answer: { kind: 'updated', revision: 2 } as const, certain: 'yes' },
    { answer: { kind: 'unknown' } as const, certain: 'no' },
    { answer: { kind: 'conflict' } as const, certain: 'no' },
    { answer: { kind: 'failed', error: DISK_FULL } as const, certain: 'no' },
  ])('L3: after the answer $answer.kind nothing is owned; certain: $certain', ({ answer, certain }) => {
    const driven = holding(1);
    driven.after((lane) => lane.free(A, snapshotAt(1, 1)));
    driven.answer('update', answer);
    expect(driven.events('freed')).toEqual([{ kind: 'freed', agent: A, certain }]);
    expect(driven.lane.holds(A)).toBe(false);
    expect(driven.waitingKinds).toEqual([]);
  });

  test('a claim that comes while the free is under way begins when it is answered, from the entry', () => {
    const driven = holding(1);
    driven.after((lane) => lane.free(A, snapshotAt(1, 1)));
    expect(driven.after((lane) => lane.claim(A))).toEqual([]);
    const outputs = driven.answer('update', { kind: 'updated', revision: 2 });
    expect(outputs.map(({ kind }) => kind)).toEqual(['freed', 'get']);
    driven.answer('get', { kind: 'entry', entry: entryOf({ owner: ME, free: true, snapshot: snapshotAt(1, 1).snapshot }), revision: 2 });
    expect(driven.waiting('update')).toMatchObject({ expected: 2, entry: { epoch: 2, free: false } });
  });

  test('after a free in doubt a read that still names this lane is not believed: the agent is claimed again', () => {
    const driven = holding(1);
    driven.after((lane) => lane.free(A, snapshotAt(1, 1)));
    driven.answer('update', { kind: 'unknown' });
    driven.after((lane) => lane.claim(A));
    driven.answer('get', { kind: 'entry', entry: entryOf({ owner: ME, epoch: 1 }), revision: 1 });
    expect(driven.lane.holds(A)).toBe(false);
    expect(driven.waiting('update').entry.epoch).toBe(2);
  });
});

describe('L10, O3: what an owner trims of its own lane', () => {
  const trimmed = (driven: DrivenLane) => {
    driven.after((lane) => lane.trim());
    return driven.events('trim').at(-1)?.below;
  };

  test('nothing that an agent without a snapshot may need', () => {
    expect(trimmed(holding(5))).toBeUndefined();
  });

  test('what lies below the settled snapshots of all its agents', () => {
    const driven = holding(3).hold(B);
    driven.commit('b', B);
    driven.after((lane) => lane.settle(A, snapshotAt(3, 3)));
    driven.answer('update', { kind: 'updated', revision: 2 });
    expect(trimmed(driven)).toBe(3);
    driven.after((lane) => lane.settle(B, snapshotAt(1, 4)));
    driven.answer('update', { kind: 'updated', revision: 2 });
    expect(trimmed(driven)).toBe(3);
    driven.commit('a', A);
    driven.after((lane) => lane.settle(A, snapshotAt(4, 5)));
    driven.answer('update', { kind: 'updated', revision: 3 });
    expect(trimmed(driven)).toBe(4);
  });

  test('never on the word of a settling that is in doubt', () => {
    const driven = holding(3);
    driven.after((lane) => lane.settle(A, snapshotAt(3, 3)));
    driven.answer('update', { kind: 'unknown' });
    expect(trimmed(driven)).toBeUndefined();
  });

  test('never on the word of an entry that it read: the agent may be needed from here by whoever took it', () => {
    const driven = holding(3);
    driven.after((lane) => lane.settle(A, snapshotAt(2, 2)));
    driven.answer('update', { kind: 'conflict' });
    driven.answer('get', { kind: 'entry', entry: entryOf({ owner: OTHER, epoch: 2 }), revision: 7 });
    expect(driven.events('lost')).toHaveLength(1);
    expect(trimmed(driven)).toBeUndefined();
  });

  test('what an agent needed that was let go for certain, and only then', () => {
    const driven = holding(3);
    driven.after((lane) => lane.free(A, snapshotAt(3, 3)));
    driven.answer('update', { kind: 'unknown' });
    expect(trimmed(driven)).toBeUndefined();
    const certain = holding(3);
    certain.after((lane) => lane.free(A, snapshotAt(3, 3)));
    certain.answer('update', { kind: 'updated', revision: 2 });
    expect(trimmed(certain)).toBe(3);
  });

  test('not what a claim in doubt may have named', () => {
    const driven = new DrivenLane().hold(B);
    driven.commit('one', B);
    driven.after((lane) => lane.claim(A));
    driven.answer('get', { kind: 'entry', entry: undefined, revision: 0 });
    driven.answer('update', { kind: 'unknown' });
    driven.answer('get', { kind: 'entry', entry: entryOf({}), revision: 1 });
    expect(driven.events('refused')).toHaveLength(1);
    for (const text of ['two', 'three', 'four']) driven.commit(text, B);
    driven.after((lane) => lane.settle(B, snapshotAt(4, 4)));
    driven.answer('update', { kind: 'updated', revision: 2 });
    expect(trimmed(driven)).toBe(2);
  });

  test('a claim that failed for certain asks for nothing any more', () => {
    const driven = new DrivenLane().hold(B);
    driven.after((lane) => lane.claim(A));
    driven.answer('get', { kind: 'entry', entry: undefined, revision: 0 });
    driven.answer('update', { kind: 'failed', error: DISK_FULL });
    for (const text of ['one', 'two', 'three']) driven.commit(text, B);
    driven.after((lane) => lane.settle(B, snapshotAt(3, 3)));
    driven.answer('update', { kind: 'updated', revision: 2 });
    expect(trimmed(driven)).toBe(3);
  });

  test('never the last record, though nobody needs it', () => {
    const driven = holding(2);
    driven.after((lane) => lane.free(A, snapshotAt(2, 2)));
    driven.answer('update', { kind: 'updated', revision: 2 });
    expect(trimmed(driven)).toBe(2);
    driven.hold(B);
    driven.send('x', B);
    expect(decodeBatch(driven.waiting('append').bytes).number).toBe(3);
  });

  test('nothing twice', () => {
    const driven = holding(3);
    driven.after((lane) => lane.settle(A, snapshotAt(3, 3)));
    driven.answer('update', { kind: 'updated', revision: 2 });
    driven.after((lane) => lane.trim());
    expect(driven.after((lane) => lane.trim())).toEqual([]);
  });
});
