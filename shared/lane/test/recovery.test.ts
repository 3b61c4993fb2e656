/** L11, G1, G11, O5: what recovery proves of the lanes that it reads, and what it says of each damage. */
import type { AgentId, HashHex, LaneId } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Batch,
  encodeBatch,
  type LaneRecord,
  LaneTail,
  NO_HASH,
  type Range,
  type Recovery,
  recoverAgent,
  type SnapshotReference,
} from '../src/index.js';
import { A, B, bytesOf, ME, OTHER, textOf } from './driven-lane.js';

const record = (position: number, fields: Partial<LaneRecord> = {}): LaneRecord => ({
  ...{ agent: A, epoch: 1, position, body: bytesOf(String(position)) },
  ...fields,
});

/** Entries of a lane: a list of records for each batch, and its seal. */
function laneOf(batches: readonly (readonly LaneRecord[] | 'seal')[], lane: LaneId = OTHER): { sequence: number; bytes: Uint8Array }[] {
  let previous = NO_HASH;
  return batches.map((content, index) => {
    const batch: Batch = {
      kind: content === 'seal' ? 'seal' : 'records',
      lane,
      number: index + 1,
      previous,
      records: content === 'seal' ? [] : content,
    };
    const { bytes, hash } = encodeBatch(batch);
    previous = hash;
    return { sequence: index + 1, bytes };
  });
}

function tailOf(entries: readonly { readonly sequence: number; readonly bytes: Uint8Array }[], lane: LaneId = OTHER): LaneTail {
  const tail = new LaneTail(lane);
  tail.push(entries);
  return tail;
}

const range = (from: number, upTo: number, fields: Partial<Range> = {}): Range => ({ ...{ lane: OTHER, from, upTo, epoch: 1, after: 0 }, ...fields });
const snapshotOf = (position: number): SnapshotReference => ({ position, version: position, blob: 'ab' as HashHex });

function recover(tails: readonly LaneTail[], ranges: readonly Range[], snapshot: SnapshotReference | null = null, agent: AgentId = A): Recovery {
  return recoverAgent({ agent, snapshot, ranges, ownLane: ME, tailOf: (lane) => tails.find((tail) => tail.lane === lane) });
}

const bodiesOf = (recovery: Recovery) => (recovery.kind === 'recovered' ? recovery.records.map(({ body }) => textOf(body)) : recovery.message);
const damageOf = (recovery: Recovery) => (recovery.kind === 'damaged' ? recovery.message : 'not damaged');

/** Three batches with one record each, and the seal. */
const SOUND = () => laneOf([[record(1)], [record(2)], [record(3)], 'seal']);

describe('O5, G1: recovery brings back an agent as it was', () => {
  test('the records of its ranges, in order', () => {
    expect(bodiesOf(recover([tailOf(SOUND())], [range(1, 3)]))).toEqual(['1', '2', '3']);
  });

  test('only its own records, and only those in its ranges', () => {
    const entries = laneOf([[record(1), record(9, { agent: B })], [record(2), record(3)], [record(3, { epoch: 2 })], 'seal']);
    expect(bodiesOf(recover([tailOf(entries)], [range(1, 2)]))).toEqual(['1', '2', '3']);
  });

  test('the ranges of several lanes, one after another', () => {
    const first = tailOf(laneOf([[record(1)], 'seal']));
    const own = tailOf(laneOf([[record(2, { epoch: 2 })], [record(3, { epoch: 2 })]], ME), ME);
    const ranges = [range(1, 1), range(1, 2, { lane: ME, epoch: 2 })];
    expect(bodiesOf(recover([first, own], ranges))).toEqual(['1', '2', '3']);
  });

  test('a lane that is named twice gives each of its ranges once', () => {
    const entries = laneOf([[record(1)], [record(2)], [], [record(3, { epoch: 3 })], 'seal']);
    expect(bodiesOf(recover([tailOf(entries)], [range(1, 2), range(4, 4, { epoch: 3 })]))).toEqual(['1', '2', '3']);
  });

  test('only what the snapshot lacks', () => {
    expect(bodiesOf(recover([tailOf(SOUND())], [range(2, 3)], snapshotOf(2)))).toEqual(['3']);
  });

  test('a snapshot alone, when nothing was written since', () => {
    expect(bodiesOf(recover([], [], snapshotOf(2)))).toEqual([]);
    expect(bodiesOf(recover([], [range(3, 2)], snapshotOf(2)))).toEqual([]);
  });

  test('a lane that was trimmed below the range', () => {
    expect(bodiesOf(recover([tailOf(SOUND().slice(1))], [range(2, 3)], snapshotOf(1)))).toEqual(['2', '3']);
  });

  test('a tail that is read in pieces is the same as one that is read at once', () => {
    const entries = SOUND();
    const tail = new LaneTail(OTHER);
    for (const entry of entries) tail.push([entry]);
    expect([...tail.agents]).toEqual([A]);
    expect(bodiesOf(recover([tail], [range(1, 3)]))).toEqual(['1', '2', '3']);
  });

  test('its own lane is no less good for being unsealed', () => {
    expect(bodiesOf(recover([tailOf(laneOf([[record(1)]], ME), ME)], [range(1, 1, { lane: ME })]))).toEqual(['1']);
  });
});

describe('L11: damage stops the agent, and the alarm says what it is', () => {
  const sound = SOUND();
  const without = (...numbers: number[]) => sound.filter(({ sequence }) => !numbers.includes(sequence));
  const changed = (sequence: number, change: (bytes: Uint8Array) => void) =>
    sound.map((entry) => {
      if (entry.sequence !== sequence) return entry;
      const bytes = entry.bytes.slice();
      change(bytes);
      return { ...entry, bytes };
    });

  test('a gap', () => {
    expect(damageOf(recover([tailOf(without(2))], [range(1, 3)]))).toBe(`lane ${OTHER}: batch 2 is missing; 3 follows 1`);
  });

  test('a fork: a number that stands twice', () => {
    const [first, second, third, seal] = sound as [(typeof sound)[0], (typeof sound)[0], (typeof sound)[0], (typeof sound)[0]];
    const entries = [first, second, { sequence: 3, bytes: second.bytes }, third, seal];
    expect(damageOf(recover([tailOf(entries)], [range(1, 3)]))).toBe(`lane ${OTHER}: the lane forks: batch 2 stands behind batch 2`);
  });

  test('a fork: a batch on another predecessor', () => {
    const stranger = encodeBatch({ kind: 'records', lane: OTHER, number: 2, previous: NO_HASH, records: [record(2)] });
    const entries = [sound[0] as (typeof sound)[0], { sequence: 2, bytes: stranger.bytes }];
    expect(damageOf(recover([tailOf(entries)], [range(1, 2)]))).toBe(`lane ${OTHER}: batch 2 names another hash than that of batch 1`);
  });

  test('a wrong hash: a body changed by a bit', () => {
    const flipped = changed(2, (bytes) => {
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    });
    expect(damageOf(recover([tailOf(flipped)], [range(1, 3)]))).toBe(`lane ${OTHER}: batch 3 names another hash than that of batch 2`);
  });

  test('a wrong hash in the last batch, which only the seal can tell', () => {
    const flipped = changed(3, (bytes) => {
      bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
    });
    expect(damageOf(recover([tailOf(flipped)], [range(1, 3)]))).toBe(`lane ${OTHER}: batch 4 names another hash than that of batch 3`);
  });

  test('a wrong hash of what should be the beginning', () => {
    const first = encodeBatch({ kind: 'records', lane: OTHER, number: 1, previous: new Uint8Array(32).fill(7), records: [record(1)] });
    expect(damageOf(recover([tailOf([{ sequence: 1, bytes: first.bytes }])], [range(1, 1)]))).toBe(
      `lane ${OTHER}: batch 1 names another hash than that of batch 0`,
    );
  });

  test('a short tail', () => {
    expect(damageOf(recover([tailOf(without(3, 4))], [range(1, 3)]))).toBe(`lane ${OTHER}: it ends at batch 2, 3 was acknowledged`);
  });

  test('a missing seal', () => {
    expect(damageOf(recover([tailOf(without(4))], [range(1, 3)]))).toBe(`lane ${OTHER}: it does not end at its seal`);
  });

  test('a batch behind the seal: the fence did not hold', () => {
    const entries = laneOf([[record(1)], 'seal', [record(2)]]);
    expect(damageOf(recover([tailOf(entries)], [range(1, 1)]))).toBe(`lane ${OTHER}: batch 3 follows the seal`);
  });

  test('a batch of a foreign lane', () => {
    const foreign = laneOf([[record(1)]], ME);
    expect(damageOf(recover([tailOf(foreign)], [range(1, 1)]))).toBe(`lane ${OTHER}: a batch of ${ME} lies in this lane`);
  });

  test('bytes that are no batch', () => {
    const cut = changed(2, (bytes) => {
      bytes[1] = 9;
    });
    expect(damageOf(recover([tailOf(cut)], [range(1, 3)]))).toBe(`lane ${OTHER}: a lane's batch is damaged: its kind is unknown`);
  });

  test('a batch of a future format', () => {
    const future = changed(2, (bytes) => {
      bytes[0] = 2;
    });
    expect(damageOf(recover([tailOf(future)], [range(1, 3)]))).toBe(`lane ${OTHER}: a lane's batch has format 2, this Skep reads up to 1`);
  });

  test('a beginning that was trimmed too far', () => {
    expect(damageOf(recover([tailOf(without(1, 2))], [range(1, 3)]))).toBe(`lane ${OTHER}: batches 1 to 2 are gone`);
  });

  test('a lane without entries, and one that was not read', () => {
    expect(damageOf(recover([tailOf([])], [range(1, 3)]))).toBe(`lane ${OTHER}: it has no entries`);
    expect(damageOf(recover([], [range(1, 3)]))).toBe(`lane ${OTHER}: it has no entries`);
  });

  test('a record of a wrong epoch', () => {
    const entries = laneOf([[record(1)], [record(2, { epoch: 2 })], 'seal']);
    expect(damageOf(recover([tailOf(entries)], [range(1, 2)]))).toBe(`lane ${OTHER}: a record of epoch 2 lies in a range of epoch 1`);
  });

  test.each([
    { what: 'a position left out', positions: [1, 3], message: 'record 3 stands where 2 should' },
    { what: 'a position that stands twice', positions: [1, 1], message: 'record 1 stands where 2 should' },
    { what: 'a beginning that is missing', positions: [2], message: 'record 2 stands where 1 should' },
  ])('a wrong position: $what', ({ positions, message }) => {
    const entries = laneOf([positions.map((position) => record(position)), 'seal']);
    expect(damageOf(recover([tailOf(entries)], [range(1, 1)]))).toBe(`lane ${OTHER}: ${message}`);
  });

  test('a snapshot and a tail that do not meet', () => {
    const entries = laneOf([[record(5)], 'seal']);
    expect(damageOf(recover([tailOf(entries)], [range(1, 1)], snapshotOf(3)))).toBe(`lane ${OTHER}: record 5 stands where 4 should`);
  });

  test('damage stops those agents that it concerns, and no others', () => {
    const entries = laneOf([[record(1)], [record(2)], [record(1, { agent: B })], [record(2, { agent: B })], 'seal']);
    const flipped = entries.map((entry) => {
      const bytes = entry.bytes.slice();
      if (entry.sequence === 4) bytes[bytes.length - 1] = (bytes[bytes.length - 1] as number) ^ 1;
      return { ...entry, bytes };
    });
    const tail = tailOf(flipped);
    expect(bodiesOf(recover([tail], [range(1, 2)]))).toEqual(['1', '2']);
    expect(recover([tail], [range(3, 4)], null, B).kind).toBe('damaged');
  });

  test('G11: a bit changed anywhere in a sealed lane is never served', () => {
    const expected = ['1', '2', '3'];
    fc.assert(
      fc.property(fc.nat({ max: 3 }), fc.nat(), fc.integer({ min: 0, max: 7 }), (index, place, bit) => {
        const entries = SOUND();
        const { bytes } = entries[index] as (typeof entries)[0];
        const at = place % bytes.length;
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        expect(recover([tailOf(entries)], [range(1, 3)]).kind).toBe('damaged');
      }),
      { numRuns: 1000 },
    );
    expect(bodiesOf(recover([tailOf(SOUND())], [range(1, 3)]))).toEqual(expected);
  });

  test('G11: entries lost, doubled or swapped in a sealed lane are never served', () => {
    fc.assert(
      fc.property(fc.constantFrom('lose', 'double', 'swap'), fc.nat({ max: 3 }), fc.nat({ max: 3 }), (what, one, other) => {
        const entries = SOUND();
        const [first, second] = [entries[one], entries[other]] as [(typeof entries)[0], (typeof entries)[0]];
        if (what === 'lose') entries.splice(one, 1);
        else if (what === 'double') entries.splice(other, 0, first);
        else [entries[one], entries[other]] = [second, first];
        const recovery = recover([tailOf(entries)], [range(1, 3)]);
        if (what === 'swap' && one === other) expect(bodiesOf(recovery)).toEqual(['1', '2', '3']);
        else expect(recovery.kind).toBe('damaged');
      }),
      { numRuns: 300 },
    );
  });
});
