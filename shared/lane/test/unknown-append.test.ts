/** L8: what becomes of a batch whose append was not simply answered, in every branch; W2, W3, W4. L2: death by a seal. */
import { isSkepError } from '@skep/kernel';
import { describe, expect, test } from 'vitest';
import { decodeBatch, encodeBatch, NO_HASH } from '../src/index.js';
import { A, B, bytesOf, DISK_FULL, DrivenLane, ME, OTHER, snapshotAt, textOf, UNREADABLE } from './driven-lane.js';

const seal = (number: number, previous: Uint8Array) => encodeBatch({ kind: 'seal', lane: ME, number, previous, records: [] });

/** A lane with batch 1 acknowledged and batch 2 in flight. */
function inFlight(): { readonly driven: DrivenLane; readonly first: Uint8Array; readonly second: Uint8Array } {
  const driven = new DrivenLane().hold();
  driven.send('one');
  const first = driven.waiting('append').bytes;
  driven.answer('append', { kind: 'appended', sequence: 1 });
  driven.send('two');
  return { driven, first, second: driven.waiting('append').bytes };
}

const codeOf = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    return isSkepError(error) ? error.code : String(error);
  }
  return 'accepted';
};

describe('L8: an unknown append is settled by the last record of the lane', () => {
  test('the last record is the batch itself: it is committed, at the sequence where it was found', () => {
    const { driven, second } = inFlight();
    driven.answer('append', { kind: 'unknown' });
    expect(driven.waiting('last')).toMatchObject({ lane: ME });
    driven.answer('last', { kind: 'last', entry: { sequence: 9, bytes: second } });
    expect(driven.events('released').at(-1)).toMatchObject({ batch: 2 });
    driven.send('three');
    expect(driven.waiting('append')).toMatchObject({ expected: 9 });
  });

  test('the last record is the predecessor: the same bytes are sent again after a pause, whatever was written meanwhile', () => {
    const { driven, first, second } = inFlight();
    driven.send('three');
    driven.answer('append', { kind: 'unknown' });
    driven.answer('last', { kind: 'last', entry: { sequence: 1, bytes: first } });
    expect(driven.waiting('append')).toMatchObject({ bytes: second, expected: 1, attempt: 1 });
    expect(driven.events('released')).toHaveLength(1);
  });

  test('the lane is empty and it was the first batch: the same bytes are sent again', () => {
    const driven = new DrivenLane().hold();
    driven.send('one');
    const { bytes } = driven.waiting('append');
    driven.answer('append', { kind: 'unknown' });
    driven.answer('last', { kind: 'last', entry: undefined });
    expect(driven.waiting('append')).toMatchObject({ bytes, expected: 0, attempt: 1 });
  });

  test('the first attempt arrives after all, and the second meets it: committed once', () => {
    const { driven, first, second } = inFlight();
    driven.answer('append', { kind: 'unknown' });
    driven.answer('last', { kind: 'last', entry: { sequence: 1, bytes: first } });
    driven.answer('append', { kind: 'conflict' });
    driven.answer('last', { kind: 'last', entry: { sequence: 2, bytes: second } });
    expect(driven.lane.acknowledgedBatch).toBe(2);
    expect(driven.lane.standing(A)).toMatchObject({ position: 2, acknowledged: 2 });
  });

  test('the last record is a seal: the lane is dead, and nobody is told that the batch is in', () => {
    const { driven, second } = inFlight();
    driven.answer('append', { kind: 'unknown' });
    driven.answer('last', { kind: 'last', entry: { sequence: 3, bytes: seal(3, encodeBatch(decodeBatch(second)).hash).bytes } });
    expect(driven.events('dead')).toEqual([{ kind: 'dead', why: 'sealed' }]);
    expect(driven.lane.acknowledgedBatch).toBe(1);
  });

  test('the last record is another batch, or none where one was acknowledged: the lane is dead and says corrupt', () => {
    const stranger = encodeBatch({ kind: 'records', lane: ME, number: 2, previous: NO_HASH, records: [] }).bytes;
    for (const entry of [{ sequence: 2, bytes: stranger }, undefined]) {
      const { driven } = inFlight();
      driven.answer('append', { kind: 'unknown' });
      driven.answer('last', { kind: 'last', entry });
      expect(driven.events('dead')).toEqual([{ kind: 'dead', why: 'corrupt' }]);
    }
  });

  test('W4, G11: the last record is damaged: the lane is dead and says corrupt, instead of waiting for ever', () => {
    const { driven } = inFlight();
    driven.answer('append', { kind: 'unknown' });
    driven.answer('last', { kind: 'last', entry: { sequence: 2, bytes: Uint8Array.of(1, 2, 3) } });
    expect(driven.events('dead')).toEqual([{ kind: 'dead', why: 'corrupt' }]);
  });

  test('W4: the last record cannot be read for good: the lane is dead, and asks no more', () => {
    const { driven } = inFlight();
    driven.answer('append', { kind: 'unknown' });
    driven.answer('last', { kind: 'failed', error: UNREADABLE });
    expect(driven.events('dead')).toEqual([{ kind: 'dead', why: 'corrupt' }]);
    expect(driven.waitingKinds).toEqual([]);
  });

  test('W2: while the outcome is unknown, a later refusal settles nothing: it is asked and sent again', () => {
    const { driven, first, second } = inFlight();
    driven.answer('append', { kind: 'unknown' });
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      driven.answer('last', { kind: 'last', entry: { sequence: 1, bytes: first } });
      expect(driven.waiting('append')).toMatchObject({ bytes: second, attempt });
      driven.answer('append', { kind: 'failed', error: DISK_FULL });
    }
    expect(driven.events('aborted')).toEqual([]);
    expect(driven.lane.holds(A)).toBe(true);
    driven.answer('last', { kind: 'last', entry: { sequence: 2, bytes: second } });
    expect(driven.lane.acknowledgedBatch).toBe(2);
  });
});

describe('W5, L8: a batch whose time is up', () => {
  test.each(['the append', 'the last record'] as const)(
    'while %s is awaited: the lane ends in doubt, and nobody is told that the batch is not in',
    (awaited) => {
      const { driven } = inFlight();
      if (awaited === 'the last record') driven.answer('append', { kind: 'unknown' });
      driven.send('three');
      driven.after((lane) => lane.expire());
      expect(driven.events('dead')).toEqual([{ kind: 'dead', why: 'in-doubt' }]);
      expect(driven.events('aborted')).toEqual([]);
      expect(driven.lane.holds(A)).toBe(false);
      expect([driven.lane.idle, driven.lane.inFlight]).toEqual([true, undefined]);
      expect(codeOf(() => driven.lane.barrier(0))).toBe('sealed');
    },
  );

  test('that is acknowledged after all changes nothing any more', () => {
    const { driven } = inFlight();
    driven.after((lane) => lane.expire());
    expect(driven.answer('append', { kind: 'appended', sequence: 2 })).toEqual([]);
    expect(driven.lane.acknowledgedBatch).toBe(1);
  });

  test('a lane without a batch on its way goes on', () => {
    const driven = new DrivenLane().hold();
    driven.commit('one');
    expect(driven.lane.inFlight).toBeUndefined();
    expect(driven.after((lane) => lane.expire())).toEqual([]);
    expect(driven.lane.dead).toBe(false);
  });

  test('each batch on its way is told from the one before', () => {
    const { driven } = inFlight();
    const second = driven.lane.inFlight;
    driven.send('three');
    expect(driven.lane.inFlight).toBe(second);
    driven.answer('append', { kind: 'appended', sequence: 2 });
    expect(driven.lane.inFlight).toBeGreaterThan(second ?? 0);
  });

  test('L2: the lane that ended still ends the sealing of another one', () => {
    const { driven } = inFlight();
    driven.after((lane) => lane.seal(OTHER));
    driven.after((lane) => lane.expire());
    driven.answer('last', { kind: 'last', entry: undefined });
    driven.answer('append', { kind: 'conflict' });
    driven.answer('append', { kind: 'appended', sequence: 1 });
    expect(driven.events('sealed')).toEqual([{ kind: 'sealed', lane: OTHER, number: 1 }]);
  });
});

describe('L8: a conflict is no proof of anything', () => {
  test('the rightful owner meets one now and then: with the predecessor in place, the same bytes are sent again', () => {
    const { driven, first, second } = inFlight();
    driven.answer('append', { kind: 'conflict' });
    driven.answer('last', { kind: 'last', entry: { sequence: 1, bytes: first } });
    expect(driven.waiting('append')).toMatchObject({ bytes: second, attempt: 1 });
    driven.answer('append', { kind: 'appended', sequence: 2 });
    expect(driven.lane.acknowledgedBatch).toBe(2);
  });

  test('L2: behind it stands a seal: the lane is dead', () => {
    const { driven, first } = inFlight();
    driven.answer('append', { kind: 'conflict' });
    driven.answer('last', { kind: 'last', entry: { sequence: 2, bytes: seal(2, encodeBatch(decodeBatch(first)).hash).bytes } });
    expect(driven.lane.dead).toBe(true);
  });
});

describe('W3: a batch is given up only when every attempt was refused for certain', () => {
  test('a refused first attempt gives up the batch and what waits behind it, and names the agents', () => {
    const { driven } = inFlight();
    driven.hold(B);
    driven.send('from b', B);
    driven.answer('append', { kind: 'failed', error: DISK_FULL });
    expect(driven.events('aborted')).toEqual([{ kind: 'aborted', error: DISK_FULL, agents: [A, B] }]);
    expect([driven.lane.holds(A), driven.lane.holds(B)]).toEqual([false, false]);
    expect(driven.lane.idle).toBe(true);
  });

  test('conflicts without doubt do not hinder giving up', () => {
    const { driven, first } = inFlight();
    driven.answer('append', { kind: 'conflict' });
    driven.answer('last', { kind: 'last', entry: { sequence: 1, bytes: first } });
    driven.answer('append', { kind: 'failed', error: DISK_FULL });
    expect(driven.events('aborted')).toHaveLength(1);
  });

  test('a conflict whose reason cannot be read for good is given up, too', () => {
    const { driven } = inFlight();
    driven.answer('append', { kind: 'conflict' });
    driven.answer('last', { kind: 'failed', error: UNREADABLE });
    expect(driven.events('aborted')).toHaveLength(1);
    expect(driven.lane.dead).toBe(false);
  });

  test('waiting reads are given up with it: their tickets are in no later batch', () => {
    const { driven } = inFlight();
    let read = 0;
    driven.after((lane) => {
      read = lane.barrier(0);
    });
    driven.answer('append', { kind: 'failed', error: DISK_FULL });
    expect(driven.lane.released).toBeLessThan(read);
    expect(driven.lane.idle).toBe(true);
  });

  test('L6, G3: a read that saw a record which was given up is refused, on either kind of log', () => {
    for (const exclusive of [true, false]) {
      const driven = new DrivenLane({ exclusive }).hold();
      const kept = driven.commit('kept');
      const seen = driven.send('given up');
      driven.answer('append', { kind: 'failed', error: DISK_FULL });
      expect(codeOf(() => driven.lane.barrier(seen))).toBe('disk-full');
      driven.hold(B);
      const later = driven.commit('later', B);
      expect(driven.lane.released).toBeGreaterThan(seen);
      expect(codeOf(() => driven.lane.barrier(seen))).toBe('disk-full');
      expect([kept, later].map((ticket) => codeOf(() => driven.lane.barrier(ticket)))).toEqual(['accepted', 'accepted']);
    }
  });

  test('the number of a batch that was given up is used again, on the same predecessor', () => {
    const { driven, second } = inFlight();
    driven.answer('append', { kind: 'failed', error: DISK_FULL });
    driven.hold(B);
    driven.send('again', B);
    const batch = decodeBatch(driven.waiting('append').bytes);
    expect(batch).toMatchObject({ number: 2, previous: decodeBatch(second).previous });
    expect(batch.records.map(({ body }) => textOf(body))).toEqual(['again']);
  });

  test('L5, G1: a claim that was sent while the refused batch was in flight counts from that number on', () => {
    const { driven } = inFlight();
    driven.after((lane) => lane.claim(B));
    driven.answer('get', { kind: 'entry', entry: undefined, revision: 0 });
    const { entry } = driven.waiting('update');
    driven.answer('append', { kind: 'failed', error: DISK_FULL });
    driven.answer('update', { kind: 'updated', revision: 1 });
    driven.send('first of b', B);
    const { number } = decodeBatch(driven.waiting('append').bytes);
    expect(entry.since).toBeLessThanOrEqual(number);
  });
});

describe('L2: a dead lane', () => {
  function dead(): DrivenLane {
    const { driven, first } = inFlight();
    driven.after((lane) => lane.claim(B));
    driven.answer('append', { kind: 'conflict' });
    driven.answer('last', { kind: 'last', entry: { sequence: 2, bytes: seal(2, encodeBatch(decodeBatch(first)).hash).bytes } });
    return driven;
  }

  test('says so once, and holds nothing any more', () => {
    const driven = dead();
    expect(driven.events('dead')).toHaveLength(1);
    expect(driven.lane.holds(A)).toBe(false);
    expect(driven.lane.idle).toBe(true);
  });

  test('refuses writes, reads and claims as sealed', () => {
    const { lane } = dead();
    expect(codeOf(() => lane.write(A, bytesOf('x')))).toBe('sealed');
    expect(codeOf(() => lane.barrier(0))).toBe('sealed');
    expect(codeOf(() => lane.claim(A))).toBe('sealed');
  });

  test('changes no directory entry and trims nothing', () => {
    const driven = dead();
    const outputs = driven.after((lane) => {
      expect(lane.settle(A, snapshotAt(1, 1))).toBe(false);
      expect(lane.free(A, snapshotAt(1, 1))).toBe(false);
      lane.trim();
      lane.flush();
    });
    expect(outputs).toEqual([]);
  });

  test('does nothing with answers that come late', () => {
    const driven = dead();
    expect(driven.answer('get', { kind: 'entry', entry: undefined, revision: 0 })).toEqual([]);
  });

  test('a read on an exclusive log is refused, too', () => {
    const driven = new DrivenLane({ exclusive: true }).hold();
    driven.send('one');
    driven.answer('append', { kind: 'conflict' });
    driven.answer('last', { kind: 'last', entry: { sequence: 1, bytes: seal(1, NO_HASH).bytes } });
    expect(codeOf(() => driven.lane.barrier(0))).toBe('sealed');
  });

  test('still ends the sealing of another lane that it had begun', () => {
    const { driven, first } = inFlight();
    driven.after((lane) => lane.seal(OTHER));
    const asked = driven.waiting('last').request;
    driven.answer('append', { kind: 'conflict' });
    // Two reads wait now; the one of the other lane was asked first.
    expect(driven.waiting('last').request).toBe(asked);
    driven.answer('last', { kind: 'last', entry: undefined });
    driven.answer('last', { kind: 'last', entry: { sequence: 2, bytes: seal(2, encodeBatch(decodeBatch(first)).hash).bytes } });
    expect(driven.lane.dead).toBe(true);
    driven.answer('append', { kind: 'appended', sequence: 1 });
    expect(driven.events('sealed')).toEqual([{ kind: 'sealed', lane: OTHER, number: 1 }]);
  });
});
