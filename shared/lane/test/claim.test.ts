/** Taking an agent: L3 (only by an own compare-and-set), L4 (only what was let go), L5 (where the history lies); O1, O4. */
import type { LaneId } from '@skep/kernel';
import { describe, expect, test } from 'vitest';
import { type DirectoryEntry, encodeBatch, NO_HASH } from '../src/index.js';
import { A, B, bytesOf, DISK_FULL, DrivenLane, entryOf, ME, OTHER, snapshotAt } from './driven-lane.js';

const THIRD = 'main/1/third' as LaneId;

function claiming(driven: DrivenLane, entry: DirectoryEntry | undefined, revision = 5): DrivenLane {
  driven.after((lane) => lane.claim(A));
  driven.answer('get', { kind: 'entry', entry, revision });
  return driven;
}

/** Makes the lane know that a lane is sealed. */
function sealed(driven: DrivenLane, lane: LaneId, number: number): DrivenLane {
  driven.after((each) => each.seal(lane));
  driven.answer('last', { kind: 'last', entry: undefined });
  driven.answer('append', { kind: 'conflict' });
  const known = driven.waiting('last');
  driven.answer('last', { kind: 'last', entry: { sequence: number, bytes: sealBytes(known.lane, number) } });
  return driven;
}

const sealBytes = (lane: LaneId, number: number) => encodeBatch({ kind: 'seal', lane, number, previous: NO_HASH, records: [] }).bytes;

describe('L3, O1: an agent is held only after a compare-and-set of its own', () => {
  test('an agent that never was is claimed with epoch 1, by a write that expects no entry', () => {
    const driven = claiming(new DrivenLane(), undefined, 0);
    expect(driven.waiting('update')).toMatchObject({
      expected: 0,
      entry: { owner: ME, since: 1, after: 0, epoch: 1, trail: [], snapshot: null, free: false },
    });
    expect(driven.lane.holds(A)).toBe(false);
    driven.answer('update', { kind: 'updated', revision: 1 });
    expect(driven.lane.holds(A)).toBe(true);
    expect(driven.events('owned')).toEqual([{ kind: 'owned', agent: A, epoch: 1, snapshot: null, records: [] }]);
  });

  test('an entry that names this very lane is claimed again, with the next epoch', () => {
    const driven = claiming(new DrivenLane(), entryOf({ owner: ME, epoch: 4 }));
    expect(driven.lane.holds(A)).toBe(false);
    expect(driven.waiting('update')).toMatchObject({ expected: 5, entry: { owner: ME, epoch: 5 } });
  });

  test('a claim in doubt is settled by another claim of its own, not by what a read says', () => {
    const driven = claiming(new DrivenLane(), undefined, 0);
    const first = driven.waiting('update').entry;
    driven.answer('update', { kind: 'unknown' });
    driven.answer('get', { kind: 'entry', entry: first, revision: 1 });
    expect(driven.lane.holds(A)).toBe(false);
    expect(driven.waiting('update')).toMatchObject({ expected: 1, entry: { owner: ME, epoch: 2 } });
  });

  test('a claim that met another one reads the entry again', () => {
    const driven = claiming(new DrivenLane(), undefined, 0);
    driven.answer('update', { kind: 'conflict' });
    driven.answer('get', { kind: 'entry', entry: entryOf({ free: true, snapshot: snapshotAt(3, 2).snapshot, epoch: 7 }), revision: 9 });
    expect(driven.waiting('update')).toMatchObject({ expected: 9, entry: { epoch: 8 } });
  });

  test('a claim that is refused for certain is refused with the reason, and can be tried anew', () => {
    const driven = claiming(new DrivenLane(), undefined, 0);
    driven.answer('update', { kind: 'failed', error: DISK_FULL });
    expect(driven.events('refused')).toEqual([{ kind: 'refused', agent: A, why: { kind: 'failed', error: DISK_FULL } }]);
    expect(driven.after((lane) => lane.claim(A))).toMatchObject([{ kind: 'get' }]);
  });

  test('a directory that cannot be read refuses the claim with the reason', () => {
    const driven = new DrivenLane();
    driven.after((lane) => lane.claim(A));
    driven.answer('get', { kind: 'failed', error: DISK_FULL });
    expect(driven.events('refused')).toMatchObject([{ why: { kind: 'failed' } }]);
  });

  test('claiming is idempotent while it goes on and while the agent is held', () => {
    const driven = new DrivenLane();
    driven.after((lane) => lane.claim(A));
    expect(driven.after((lane) => lane.claim(A))).toEqual([]);
    driven.answer('get', { kind: 'entry', entry: undefined, revision: 0 });
    expect(driven.after((lane) => lane.claim(A))).toEqual([]);
    driven.answer('update', { kind: 'updated', revision: 1 });
    expect(driven.after((lane) => lane.claim(A))).toEqual([]);
  });

  test('claims of different agents do not disturb each other', () => {
    const driven = new DrivenLane();
    driven.after((lane) => {
      lane.claim(A);
      lane.claim(B);
    });
    driven.answer('get', { kind: 'entry', entry: undefined, revision: 0 });
    driven.answer('get', { kind: 'entry', entry: entryOf({}), revision: 3 });
    expect(driven.waiting('update')).toMatchObject({ agent: A });
    expect(driven.events('refused')).toMatchObject([{ agent: B, why: { kind: 'elsewhere', owner: OTHER } }]);
  });
});

describe('L4: an agent is taken only from a lane that let it go', () => {
  test('an agent of a lane that is not known to be sealed is elsewhere', () => {
    const driven = claiming(new DrivenLane(), entryOf({}));
    expect(driven.events('refused')).toEqual([{ kind: 'refused', agent: A, why: { kind: 'elsewhere', owner: OTHER } }]);
    expect(driven.waitingKinds).toEqual([]);
  });

  test('an agent of a sealed lane is taken, its range closed before the seal', () => {
    const driven = claiming(sealed(new DrivenLane(), OTHER, 6), entryOf({ since: 3, after: 2, epoch: 4 }));
    expect(driven.waiting('update').entry).toMatchObject({ owner: ME, epoch: 5, trail: [{ lane: OTHER, from: 3, upTo: 5, epoch: 4, after: 2 }] });
  });

  test('an agent that was freed is taken without a seal, and without a trail: its snapshot says it all', () => {
    const { snapshot } = snapshotAt(7, 4);
    const driven = claiming(new DrivenLane(), entryOf({ free: true, snapshot, epoch: 2 }));
    expect(driven.waiting('update').entry).toMatchObject({ owner: ME, epoch: 3, trail: [], snapshot, free: false });
  });
});

describe('L5: a claim keeps where the history lies', () => {
  const trail = [{ lane: THIRD, from: 2, upTo: 9, epoch: 1, after: 1 }];

  test('earlier ranges stay in front of the new one', () => {
    const driven = claiming(sealed(new DrivenLane(), OTHER, 6), entryOf({ since: 3, epoch: 4, trail }));
    expect(driven.waiting('update').entry.trail.map(({ lane, from, upTo }) => [lane, from, upTo])).toEqual([
      [THIRD, 2, 9],
      [OTHER, 3, 5],
    ]);
  });

  test('a range in which nothing can lie is left out', () => {
    const driven = claiming(sealed(new DrivenLane(), OTHER, 3), entryOf({ since: 3, epoch: 4 }));
    expect(driven.waiting('update').entry.trail).toEqual([]);
  });

  test('an agent that comes back to a lane names it twice', () => {
    const driven = new DrivenLane().hold(B);
    driven.commit('x', B);
    driven.commit('y', B);
    claiming(driven, entryOf({ owner: ME, since: 1, epoch: 2, trail: [{ lane: ME, from: 1, upTo: 1, epoch: 1, after: 0 }] }));
    expect(driven.waiting('update').entry.trail.map(({ lane, from, upTo, epoch }) => [lane, from, upTo, epoch])).toEqual([
      [ME, 1, 1, 1],
      [ME, 1, 2, 2],
    ]);
  });

  test('snapshot, cut and tombstone are taken over', () => {
    const { snapshot } = snapshotAt(7, 4);
    const driven = claiming(sealed(new DrivenLane(), OTHER, 6), entryOf({ snapshot, cut: 12, tombstone: true, wake: true }));
    expect(driven.waiting('update').entry).toMatchObject({ snapshot, cut: 12, tombstone: true, wake: true });
  });

  test('the claim counts from the batch behind the last acknowledged one, at its sequence', () => {
    const driven = new DrivenLane().hold(B);
    driven.commit('x', B);
    driven.send('y', B);
    claiming(driven, undefined, 0);
    expect(driven.waiting('update').entry).toMatchObject({ since: 2, after: 1 });
  });
});

describe('recovery before serving', () => {
  test('G1: what the ranges and the snapshot name is read before the agent is held, and the numbering goes on', () => {
    const { snapshot } = snapshotAt(2, 1);
    const driven = claiming(sealed(new DrivenLane(), OTHER, 6), entryOf({ since: 1, epoch: 4, snapshot }));
    driven.answer('update', { kind: 'updated', revision: 6 });
    expect(driven.lane.holds(A)).toBe(false);
    expect(driven.waiting('recover')).toMatchObject({ agent: A, snapshot, ranges: [{ lane: OTHER, from: 1, upTo: 5 }] });
    const records = [{ agent: A, epoch: 4, position: 3, body: bytesOf('three') }];
    driven.answer('recover', { kind: 'recovered', records });
    expect(driven.events('owned')).toEqual([{ kind: 'owned', agent: A, epoch: 5, snapshot, records }]);
    expect(driven.lane.standing(A)).toEqual({ epoch: 5, position: 3, acknowledged: 3 });
  });

  test('L11: a damaged history refuses the agent with the reason, and serves nothing', () => {
    const driven = claiming(sealed(new DrivenLane(), OTHER, 6), entryOf({ since: 1 }));
    driven.answer('update', { kind: 'updated', revision: 6 });
    driven.answer('recover', { kind: 'damaged', message: 'batch 2 is missing' });
    expect(driven.events('refused')).toEqual([{ kind: 'refused', agent: A, why: { kind: 'damaged', message: 'batch 2 is missing' } }]);
    expect(driven.lane.holds(A)).toBe(false);
  });

  test.each([
    { what: 'damaged', answer: { kind: 'damaged', message: 'batch 2 is missing' } as const },
    { what: 'unreadable', answer: { kind: 'failed', error: DISK_FULL } as const },
  ])('O4, G13: claiming an agent again whose history is $what reads again and changes no entry, so trails do not grow', ({ answer }) => {
    const driven = claiming(sealed(new DrivenLane(), OTHER, 6), entryOf({ since: 1 }));
    driven.answer('update', { kind: 'updated', revision: 6 });
    driven.answer('recover', answer);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      driven.after((lane) => lane.claim(A));
      expect(driven.waitingKinds).toEqual(['recover']);
      driven.answer('recover', answer);
    }
    expect(driven.events('refused')).toHaveLength(4);
    driven.after((lane) => lane.claim(A));
    driven.answer('recover', { kind: 'recovered', records: [] });
    expect(driven.lane.holds(A)).toBe(true);
  });
});
