/** Records keep what they say, for as long as there are lanes: guarantees G8 (one value, one byte string) and G11 (damage is noticed). */
import { readFileSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { decode, encode, fromHex, isSkepError, toHex, type Value } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AgentRecord, decodeRecord, encodeRecord, RECORD_FORMAT } from '../src/index.js';
import { AGENT, records, values } from './arbitrary.js';

const GOLDEN = new URL('./golden/records.txt', import.meta.url);

function refusal(bytes: Uint8Array): string {
  try {
    decodeRecord(bytes, AGENT);
  } catch (error) {
    if (!isSkepError(error)) throw error;
    expect(error.id).toBe(AGENT);
    return error.code;
  }
  return 'accepted';
}

/** The fields of a record, to be changed and put together again. */
function fieldsOf(record: AgentRecord): Value[] {
  return [...(decode(encodeRecord(record)) as readonly Value[])];
}

const TURN: AgentRecord = {
  kind: 'turn',
  version: 3,
  ms: 1_700_000_000_000,
  counter: 2,
  cause: { kind: 'call', operation: null },
  correlation: null,
  events: [{ type: 'increment', data: 2, edits: [{ kind: 'update', path: ['count'], new: 5 }] }],
  rest: {},
};

const BEGUN: AgentRecord = {
  ...{ kind: 'begun', version: 3, ms: 1_700_000_000_000, counter: 3, cause: { kind: 'message', from: AGENT, sequence: 7 }, correlation: 'c1' },
  ...{ method: 'ask', input: { text: 'why' }, seed: 42, slot: { kind: 'session', id: 's', number: 4, acknowledged: 2 }, body: Uint8Array.of(1, 2) },
};

const STEP: AgentRecord = {
  ...{ kind: 'step', version: 3, ms: 1_700_000_000_001, counter: 0, cause: { kind: 'timer', name: 'daily' }, correlation: null },
  ...{ name: 'model', occurrence: 0, outcome: { kind: 'value', value: ['because'] } },
};

const FULL: AgentRecord = {
  ...TURN,
  cause: { kind: 'control', operation: 'o1' },
  events: [
    {
      type: 'planned',
      data: null,
      edits: [
        { kind: 'create', path: ['tasks', 0], new: { title: 'forage' } },
        { kind: 'delete', path: ['draft'] },
      ],
    },
  ],
  rest: {
    sends: [{ to: AGENT, sequence: 1, method: 'tell', input: [1], correlation: 'o1' }],
    taken: [[AGENT, 9]],
    timers: [{ name: 'daily', atMs: null, everyMs: 0, method: 'wake', input: null }],
    reply: { slot: { kind: 'operation', id: 'o1' }, body: Uint8Array.of(9), value: 'done' },
    status: 'suspended',
    checkpoint: { name: 'before', root: 'ab' },
    lineage: { agent: AGENT, version: 2, root: 'cd' },
  },
};

const SUPERPOSED: AgentRecord = {
  ...TURN,
  events: [{ type: 'superposition created', data: { name: 'plan' }, edits: [] }],
  rest: {
    superposition: [
      {
        ...{ kind: 'created', name: 'plan', graceMs: 600_000 },
        branches: [
          { name: 'careful', work: 'committed', logWeight: 0, content: [{ kind: 'update', path: ['count'], new: 4 }] },
          { name: 'bold', work: 'under-way', logWeight: -0.5, content: [] },
        ],
      },
      { kind: 'added', name: 'plan', seed: { name: 'late', work: 'under-way', logWeight: -1.5, content: [{ kind: 'delete', path: ['notes'] }] } },
      { kind: 'changed', name: 'plan', branch: 'bold', content: [{ kind: 'create', path: ['notes', 0], new: 'try' }] },
      { kind: 'committed', name: 'plan', branch: 'bold' },
      {
        ...{ kind: 'weighed', name: 'plan', label: 'tests passed' },
        logLikelihoods: [
          ['careful', -0.25],
          ['bold', -2],
        ],
      },
      { kind: 'scored', name: 'plan', branch: 'bold', score: 7 },
      { kind: 'failed', name: 'plan', branch: 'late', reason: 'evicted: too many bytes' },
      { kind: 'collapsed', name: 'plan', branch: 'careful', weight: 0.75 },
      { kind: 'ended', name: 'plan' },
    ],
  },
};

const GOLDEN_RECORDS: Readonly<Record<string, AgentRecord>> = {
  turn: TURN,
  'turn-full': FULL,
  begun: BEGUN,
  'begun-plain': { ...BEGUN, slot: null, body: null },
  step: STEP,
  'turn-first': { ...TURN, initial: { count: 3, notes: [] } },
  'begun-first': { ...BEGUN, initial: {} },
  'step-error': { ...STEP, outcome: { kind: 'error', code: 'unavailable', message: 'the model is asleep' } },
  'turn-superposed': SUPERPOSED,
  'turn-first-superposed': { ...SUPERPOSED, initial: { count: 3, notes: [] } },
};

describe('a record comes back as it was', () => {
  test('G8: what is encoded decodes to an equal record', () => {
    fc.assert(
      fc.property(records, (record) => void expect(decodeRecord(encodeRecord(record), AGENT)).toEqual(record)),
      { numRuns: 500 },
    );
  });

  test('G8: a record that is read encodes to the same bytes', () => {
    fc.assert(
      fc.property(records, (record) => {
        const bytes = encodeRecord(record);
        expect(encodeRecord(decodeRecord(bytes, AGENT))).toEqual(bytes);
      }),
      { numRuns: 300 },
    );
  });

  test('G8: golden vectors hold, so lanes of today are read for ever', () => {
    const rows = Object.entries(GOLDEN_RECORDS).map(([name, record]) => `${name} ${toHex(encodeRecord(record))}`);
    if (env.SKEP_GOLDEN === 'write') writeFileSync(GOLDEN, `${rows.join('\n')}\n`);
    const kept = readFileSync(GOLDEN, 'utf8').trim().split('\n');
    expect(rows).toEqual(kept);
    for (const row of kept) {
      const [name, hex] = row.split(' ') as [string, string];
      expect(decodeRecord(fromHex(hex), AGENT)).toEqual(GOLDEN_RECORDS[name]);
    }
  });

  test('G8: what the agent was before its first record makes format 2, and every other record stays as it was in format 1', () => {
    expect(fieldsOf(TURN)).toHaveLength(9);
    expect(fieldsOf(TURN)[0]).toBe(1);
    expect(fieldsOf({ ...TURN, initial: { count: 3 } })).toEqual([2, ...fieldsOf(TURN).slice(1), { count: 3 }]);
    // First records of lanes that were written before there was a format 2.
    expect(decodeRecord(encode(fieldsOf(TURN)), AGENT)).toEqual(TURN);
  });

  test('V3 G8: superpositions make format 3, with what the agent was before it format 4; no other record is of these formats', () => {
    expect([fieldsOf(SUPERPOSED)[0], fieldsOf({ ...SUPERPOSED, initial: {} })[0]]).toEqual([3, 4]);
    const [, ...rest] = fieldsOf(SUPERPOSED);
    expect(refusal(encode([1, ...rest]))).toBe('corrupt');
    const [, ...plain] = fieldsOf(TURN);
    expect(refusal(encode([3, ...plain]))).toBe('corrupt');
    expect(refusal(encode([4, ...plain, {}]))).toBe('corrupt');
  });

  test('a turn without sends, timers or replies carries nothing for them', () => {
    expect(fieldsOf(TURN)[8]).toBeNull();
    expect(fieldsOf({ ...TURN, rest: { status: 'active' } })[8]).toEqual({ status: 'active' });
  });
});

describe('G11: what is no record is refused with the agent named, and never taken for something near it', () => {
  test('a record of a future format is told from a damaged one, whatever its fields are', () => {
    const [, ...rest] = fieldsOf(TURN);
    expect(refusal(encode([RECORD_FORMAT + 1, ...rest]))).toBe('unsupported-format');
    expect(refusal(encode([RECORD_FORMAT + 1, 'of', 'another', 'shape']))).toBe('unsupported-format');
    expect(refusal(encode([RECORD_FORMAT + 1, ...rest, 'one more']))).toBe('unsupported-format');
  });

  test('a format that never was is corrupt', () => {
    const [, ...rest] = fieldsOf(TURN);
    for (const format of [0, -1, 0.5, 'x', null]) expect(refusal(encode([format, ...rest]))).toBe('corrupt');
  });

  test('a record cut short anywhere is corrupt', () => {
    for (const record of Object.values(GOLDEN_RECORDS)) {
      const bytes = encodeRecord(record);
      for (let length = 0; length < bytes.length; length += 1) expect(refusal(bytes.slice(0, length))).toBe('corrupt');
    }
  });

  test('a record with a byte changed is refused, or is another record: it is never half read', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(GOLDEN_RECORDS)), fc.nat(), fc.integer({ min: 1, max: 255 }), (record, place, flip) => {
        const bytes = encodeRecord(record);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] as number) ^ flip;
        const outcome = refusal(bytes);
        if (outcome === 'accepted') expect(encodeRecord(decodeRecord(bytes, AGENT))).toEqual(bytes);
        else expect(['corrupt', 'unsupported-format']).toContain(outcome);
      }),
      { numRuns: 2000 },
    );
  });

  test('any other value in the place of any field is refused, or is another record', () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(GOLDEN_RECORDS)), fc.nat({ max: 8 }), values, (record, place, value) => {
        const fields = fieldsOf(record);
        fields[place] = value;
        const bytes = encode(fields);
        const outcome = refusal(bytes);
        if (outcome === 'accepted') expect(encodeRecord(decodeRecord(bytes, AGENT))).toEqual(bytes);
        else expect(['corrupt', 'unsupported-format']).toContain(outcome);
      }),
      { numRuns: 2000 },
    );
  });

  test.each<readonly [string, number, Value]>([
    ['a kind that is unknown', 1, 7],
    ['a negative version', 2, -1],
    ['a cause that is unknown', 5, [9, 'x']],
    ['a cause with a field too many', 5, [0, null, 1]],
    ['an event without edits', 7, [['increment', 2]]],
    ['an edit of an unknown kind', 7, [['increment', 2, [[5, ['count'], 1]]]]],
    ['a deletion that brings a value', 7, [['increment', 2, [[2, ['count'], 1]]]]],
    ['a path that is no list', 7, [['increment', 2, [[1, 'count', 1]]]]],
    ['a rest without parts', 8, {}],
    ['a part of the rest that is unknown', 8, { surprise: 1 }],
    ['a status that is unknown', 8, { status: 'asleep' }],
    ['bytes of the operation that are text', 8, { reply: [['o1'], 'body', 1] }],
  ])('%s is corrupt', (_, place, value) => {
    const fields = fieldsOf(TURN);
    fields[place] = value;
    expect(refusal(encode(fields))).toBe('corrupt');
  });

  test('a format with the fields of another is corrupt, and so is a step that is the first record', () => {
    const [, ...rest] = fieldsOf(TURN);
    expect(refusal(encode([1, ...rest, {}]))).toBe('corrupt');
    expect(refusal(encode([2, ...rest]))).toBe('corrupt');
    const [, ...step] = fieldsOf(STEP);
    expect(refusal(encode([2, ...step, {}]))).toBe('corrupt');
  });

  test('the refusal says what is wrong with the record', () => {
    const fields = fieldsOf(TURN);
    fields[8] = { status: 'asleep' };
    expect(() => decodeRecord(encode(fields), AGENT)).toThrow(/cannot be read: its status is none that is written/);
  });
});
