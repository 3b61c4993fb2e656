/** What leaves when: L1 (one batch in flight, chained), L6 (nothing before its acknowledgement), L7 (reads wait for an append of their own). */
import { hash, LIMITS } from '@skep/kernel';
import { describe, expect, test } from 'vitest';
import { decodeBatch, NO_HASH } from '../src/index.js';
import { A, B, bytesOf, DrivenLane, ME, textOf } from './driven-lane.js';

const bodiesOf = (bytes: Uint8Array) => decodeBatch(bytes).records.map(({ body }) => textOf(body));

describe('L1: batches follow each other without a gap', () => {
  test('one batch is in flight; what is written meanwhile waits for the next, together', () => {
    const driven = new DrivenLane().hold();
    driven.send('one');
    driven.send('two');
    driven.send('three');
    expect(driven.waitingKinds).toEqual(['append']);
    expect(bodiesOf(driven.waiting('append').bytes)).toEqual(['one']);
    driven.answer('append', { kind: 'appended', sequence: 1 });
    expect(bodiesOf(driven.waiting('append').bytes)).toEqual(['two', 'three']);
  });

  test('a batch names its number, its lane, and the hash of the batch before', () => {
    const driven = new DrivenLane().hold();
    driven.send('one');
    const first = driven.waiting('append').bytes;
    expect(decodeBatch(first)).toMatchObject({ kind: 'records', number: 1, lane: ME, previous: NO_HASH });
    driven.answer('append', { kind: 'appended', sequence: 1 });
    driven.send('two');
    expect(decodeBatch(driven.waiting('append').bytes)).toMatchObject({ number: 2, previous: hash(first) });
  });

  test('an append expects the sequence at which its predecessor lies, whatever its number', () => {
    const driven = new DrivenLane().hold();
    driven.send('one');
    expect(driven.waiting('append')).toMatchObject({ lane: ME, expected: 0, attempt: 0 });
    driven.answer('append', { kind: 'appended', sequence: 41 });
    driven.send('two');
    expect(driven.waiting('append')).toMatchObject({ expected: 41, attempt: 0 });
  });

  test('the records of an agent are numbered from 1 without a gap, in the order of writing', () => {
    const driven = new DrivenLane().hold().hold(B);
    driven.after((lane) => {
      for (const text of ['one', 'two', 'three']) {
        lane.write(A, bytesOf(text));
        lane.write(B, bytesOf(text));
      }
      lane.flush();
    });
    const { records } = decodeBatch(driven.waiting('append').bytes);
    expect(records.filter(({ agent }) => agent === B).map(({ position, epoch }) => [position, epoch])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  test('nothing is sent before the flush, and a flush of nothing sends nothing', () => {
    const driven = new DrivenLane().hold();
    expect(driven.after((lane) => lane.flush())).toEqual([]);
    expect(driven.after((lane) => lane.write(A, bytesOf('one')))).toEqual([]);
    expect(driven.lane.idle).toBe(false);
  });
});

describe('the limits of a batch', () => {
  test('a batch holds at most LIMITS.batchRecords records and barriers', () => {
    const driven = new DrivenLane().hold();
    driven.after((lane) => {
      for (let count = 0; count < LIMITS.batchRecords + 1; count += 1) lane.write(A, bytesOf('x'));
      lane.flush();
    });
    expect(decodeBatch(driven.waiting('append').bytes).records).toHaveLength(LIMITS.batchRecords);
    driven.answer('append', { kind: 'appended', sequence: 1 });
    expect(decodeBatch(driven.waiting('append').bytes).records).toHaveLength(1);
  });

  test('a batch stays below LIMITS.batchBytes while it can', () => {
    const driven = new DrivenLane().hold();
    driven.after((lane) => {
      for (let count = 0; count < 5; count += 1) lane.write(A, new Uint8Array(LIMITS.batchBytes / 4));
      lane.flush();
    });
    expect(driven.waiting('append').bytes.length).toBeLessThanOrEqual(LIMITS.batchBytes);
    expect(decodeBatch(driven.waiting('append').bytes).records).toHaveLength(3);
  });

  test('a record larger than a batch goes alone', () => {
    const driven = new DrivenLane().hold();
    driven.after((lane) => {
      lane.write(A, new Uint8Array(LIMITS.batchBytes * 2));
      lane.write(A, bytesOf('small'));
      lane.flush();
    });
    expect(decodeBatch(driven.waiting('append').bytes).records).toHaveLength(1);
    driven.answer('append', { kind: 'appended', sequence: 1 });
    expect(bodiesOf(driven.waiting('append').bytes)).toEqual(['small']);
  });
});

describe('L6: the output gate', () => {
  test('nothing is released before the append was answered', () => {
    const driven = new DrivenLane().hold();
    const ticket = driven.send('one');
    expect(driven.lane.released).toBeLessThan(ticket);
    expect(driven.events('released')).toEqual([]);
  });

  test('an acknowledged batch releases every ticket in it and none behind it, before the next batch is sent', () => {
    const driven = new DrivenLane().hold();
    const one = driven.send('one');
    const two = driven.send('two');
    const outputs = driven.answer('append', { kind: 'appended', sequence: 1 });
    expect(outputs.map(({ kind }) => kind)).toEqual(['released', 'append']);
    expect(outputs[0]).toEqual({ kind: 'released', through: one, batch: 1 });
    expect(driven.lane.released).toBe(one);
    driven.answer('append', { kind: 'appended', sequence: 2 });
    expect(driven.lane.released).toBe(two);
    expect(driven.lane.idle).toBe(true);
  });

  test('tickets only grow, over agents and barriers alike', () => {
    const driven = new DrivenLane().hold().hold(B);
    let tickets: readonly number[] = [];
    driven.after((lane) => {
      tickets = [lane.write(A, bytesOf('x')), lane.barrier(0), lane.write(B, bytesOf('y'))];
    });
    expect(tickets).toEqual([...tickets].sort((one, other) => one - other));
    expect(new Set(tickets).size).toBe(3);
  });

  test('what is acknowledged of an agent is known as soon as its ticket is released', () => {
    const driven = new DrivenLane().hold();
    driven.send('one');
    expect(driven.lane.standing(A)).toEqual({ epoch: 1, position: 1, acknowledged: 0 });
    driven.answer('append', { kind: 'appended', sequence: 1 });
    expect(driven.lane.standing(A)).toEqual({ epoch: 1, position: 1, acknowledged: 1 });
  });

  test('a write for an agent that is not held is a bug, and is not queued', () => {
    const driven = new DrivenLane();
    expect(() => driven.lane.write(A, bytesOf('x'))).toThrow(/does not hold/);
    expect(driven.lane.idle).toBe(true);
  });
});

describe('L7, G3: the read barrier', () => {
  test('a read on an idle lane sends an empty batch of its own', () => {
    const driven = new DrivenLane().hold();
    let ticket = 0;
    driven.after((lane) => {
      ticket = lane.barrier(0);
      lane.flush();
    });
    expect(decodeBatch(driven.waiting('append').bytes).records).toEqual([]);
    driven.answer('append', { kind: 'appended', sequence: 1 });
    expect(driven.lane.released).toBe(ticket);
  });

  test('a read that comes while a batch is in flight is not answered by that batch', () => {
    const driven = new DrivenLane().hold();
    const written = driven.send('one');
    let ticket = 0;
    driven.after((lane) => {
      ticket = lane.barrier(written);
      lane.flush();
    });
    driven.answer('append', { kind: 'appended', sequence: 1 });
    expect(driven.lane.released).toBeLessThan(ticket);
    driven.answer('append', { kind: 'appended', sequence: 2 });
    expect(driven.lane.released).toBe(ticket);
  });

  test('a read rides the batch of the writes behind it', () => {
    const driven = new DrivenLane().hold();
    driven.after((lane) => {
      lane.barrier(0);
      lane.write(A, bytesOf('one'));
      lane.flush();
    });
    expect(driven.waitingKinds).toEqual(['append']);
    expect(bodiesOf(driven.waiting('append').bytes)).toEqual(['one']);
  });

  test('on a log that is provably its own, a read waits for the last record that it saw and appends nothing', () => {
    const driven = new DrivenLane({ exclusive: true }).hold();
    const written = driven.send('one');
    expect(driven.lane.barrier(written)).toBe(written);
    driven.answer('append', { kind: 'appended', sequence: 1 });
    expect(driven.lane.barrier(written)).toBeLessThanOrEqual(driven.lane.released);
    expect(driven.lane.idle).toBe(true);
  });
});
