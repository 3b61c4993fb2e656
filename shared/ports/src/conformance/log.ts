import { incarnationId, type LaneId, laneId, nodeId, universeId } from '@skep/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppendResult, Log, LogEntry, Sequence } from '../index.js';
import { codeOfRejection, patternBytes } from './eventually.js';

/** An empty log to be judged. */
export interface LogSubject {
  readonly log: Log;
  /** A second client of the same log, if there can be one: contention is then tried across both. */
  readonly other?: Log;
  /** Largest entry that it takes. */
  readonly entryBytesMax: number;
  close?(): Promise<void>;
}

const LANE_TOKENS_LONGEST = '='.repeat(2) + 'a'.repeat(205);

/** What every `Log` promises. Call it at the top of a test file, or inside a `describe`. */
export function logConformance(name: string, make: () => Promise<LogSubject>): void {
  describe(`${name} keeps the promises of Log`, () => {
    let subject: LogSubject;
    let log: Log;
    let other: Log;

    beforeEach(async () => {
      subject = await make();
      log = subject.log;
      other = subject.other ?? subject.log;
    });
    afterEach(async () => {
      await subject.close?.();
    });

    describe('append', () => {
      it('starts a lane at expected 0 and is seen by last and read', async () => {
        const sequence = await mustAppend(log, lane('a'), text('first'), 0);
        expect(sequence).toBeGreaterThan(0);
        expect(show([await log.last(lane('a'))])).toEqual([[sequence, 'first']]);
        expect(show(await log.read(lane('a'), 0))).toEqual([[sequence, 'first']]);
      });

      it('gives growing sequences, and reads return entries in their order', async () => {
        const written = await fill(log, lane('a'), 50);
        for (let at = 1; at < written.length; at += 1) expect(written[at]).toBeGreaterThan(written[at - 1] ?? 0);
        const read = await readAll(log, lane('a'), 0);
        expect(show(read)).toEqual(written.map((sequence, at) => [sequence, `entry ${at}`]));
      });

      it('is refused with the real last when the expected sequence is too low, and writes nothing', async () => {
        const [first, second] = await fill(log, lane('a'), 2);
        for (const expected of [0, first ?? 0]) {
          expect(await log.append(lane('a'), text('late'), expected)).toEqual({ kind: 'conflict', last: second });
        }
        expect(await readAll(log, lane('a'), 0)).toHaveLength(2);
      });

      it('is refused when the expected sequence is too high', async () => {
        expect(await log.append(lane('empty'), text('x'), 7)).toEqual({ kind: 'conflict', last: 0 });
        const [last] = await fill(log, lane('a'), 1);
        expect(await log.append(lane('a'), text('x'), (last ?? 0) + 1)).toEqual({ kind: 'conflict', last });
        expect(await log.last(lane('empty'))).toBeUndefined();
      });

      it('works again with the sequence that a conflict told', async () => {
        await fill(log, lane('a'), 3);
        const refused = await log.append(lane('a'), text('x'), 0);
        expect(refused.kind).toBe('conflict');
        if (refused.kind === 'conflict') await mustAppend(log, lane('a'), text('y'), refused.last);
        expect(await readAll(log, lane('a'), 0)).toHaveLength(4);
      });

      it('lets exactly one of many concurrent appends with the same expectation win', async () => {
        for (let round = 0; round < 10; round += 1) {
          const results = await Promise.all(Array.from({ length: 8 }, (_, at) => (at % 2 ? other : log).append(lane(`r${round}`), text(`${at}`), 0)));
          const winner = results.findIndex((result) => result.kind === 'appended');
          const won = results[winner];
          expect(results.filter((result) => result.kind === 'appended')).toHaveLength(1);
          const sequence = won?.kind === 'appended' ? won.sequence : 0;
          for (const result of results) if (result.kind === 'conflict') expect(result.last).toBe(sequence);
          expect(show(await log.read(lane(`r${round}`), 0))).toEqual([[sequence, `${winner}`]]);
        }
      });

      it('loses and doubles nothing when writers fight for a lane', async () => {
        const writers = Array.from({ length: 6 }, (_, writer) => fight(writer % 2 ? other : log, lane('a'), { writer, wins: 15 }));
        await Promise.all(writers);
        const texts = show(await readAll(log, lane('a'), 0)).map(([, written]) => written);
        expect(texts).toHaveLength(90);
        expect(new Set(texts).size).toBe(90);
      });

      it('keeps lanes apart', async () => {
        const lanes = Array.from({ length: 40 }, (_, at) => lane(`n${at}`));
        await Promise.all(lanes.map((id, at) => fill(at % 2 ? other : log, id, 3)));
        for (const id of lanes) expect(show(await log.read(id, 0)).map(([, written]) => written)).toEqual(['entry 0', 'entry 1', 'entry 2']);
      });

      it('is seen at once by the other client', async () => {
        let last = 0;
        for (let at = 0; at < 20; at += 1) {
          last = await mustAppend(at % 2 ? other : log, lane('a'), text(`${at}`), last);
          expect((await (at % 2 ? log : other).last(lane('a')))?.sequence).toBe(last);
        }
      });

      it('takes lanes of the longest name', async () => {
        const longest = `${LANE_TOKENS_LONGEST}/9007199254740991/${LANE_TOKENS_LONGEST}-zzzzzzzzz-0123456789abcdef0123` as LaneId;
        await fill(log, longest, 2);
        expect(await log.read(longest, 0)).toHaveLength(2);
      });
    });

    describe('bytes', () => {
      it('come back exactly, whatever their length', async () => {
        let last = 0;
        const lengths = [0, 1, 255, 256, 4095, 16_384, 70_000, 1_000_000];
        for (const length of lengths) last = await mustAppend(log, lane('a'), patternBytes(length, length), last);
        const read = await readAll(log, lane('a'), 0);
        expect(read.map((entry) => entry.bytes.length)).toEqual(lengths);
        for (const entry of read) expect(same(entry.bytes, patternBytes(entry.bytes.length, entry.bytes.length))).toBe(true);
      });

      it('of a view are taken without what surrounds them', async () => {
        const whole = patternBytes(100, 1);
        await mustAppend(log, lane('a'), whole.subarray(10, 20), 0);
        const last = await log.last(lane('a'));
        expect(last?.bytes).toEqual(patternBytes(100, 1).slice(10, 20));
        expect(whole.slice(20)).toEqual(patternBytes(100, 1).slice(20));
      });

      it('that were read belong to the reader', async () => {
        await mustAppend(log, lane('a'), text('kept'), 0);
        for (const entry of await log.read(lane('a'), 0)) entry.bytes.fill(0);
        (await log.last(lane('a')))?.bytes.fill(0);
        expect(show(await log.read(lane('a'), 0)).map(([, written]) => written)).toEqual(['kept']);
        expect(show([await log.last(lane('a'))]).map(([, written]) => written)).toEqual(['kept']);
      });

      it('up to the limit are taken', async () => {
        const bytes = patternBytes(subject.entryBytesMax, 3);
        const sequence = await mustAppend(log, lane('a'), bytes.slice(), 0);
        expect(same((await log.last(lane('a')))?.bytes, bytes)).toBe(true);
        expect(sequence).toBeGreaterThan(0);
      });

      it('over the limit are refused with payload-too-large; the lane goes on', async () => {
        const sequence = await mustAppend(log, lane('a'), text('before'), 0);
        expect(await codeOfRejection(log.append(lane('a'), new Uint8Array(subject.entryBytesMax + 1), sequence))).toBe('payload-too-large');
        await mustAppend(log, lane('a'), text('after'), sequence);
        expect(show(await log.read(lane('a'), 0)).map(([, written]) => written)).toEqual(['before', 'after']);
      });
    });

    describe('read', () => {
      it('of an unknown lane is empty, and so is its last', async () => {
        expect(await log.read(lane('none'), 0)).toEqual([]);
        expect(await log.read(lane('none'), 5)).toEqual([]);
        expect(await log.last(lane('none'))).toBeUndefined();
      });

      it('begins at from, and is empty behind the end', async () => {
        const written = await fill(log, lane('a'), 10);
        const middle = written[4] ?? 0;
        expect((await log.read(lane('a'), middle)).map((entry) => entry.sequence)).toEqual(written.slice(4));
        expect((await log.read(lane('a'), middle + 1)).map((entry) => entry.sequence)).toEqual(written.slice(5));
        expect(await log.read(lane('a'), (written.at(-1) ?? 0) + 1)).toEqual([]);
      });

      it('stops at maxBytes, yet returns one entry that is larger', async () => {
        let last = 0;
        for (const length of [100, 100, 5000, 100]) last = await mustAppend(log, lane('a'), patternBytes(length, 1), last);
        const lengths = async (from: Sequence, maxBytes: number) =>
          (await log.read(lane('a'), from, { maxBytes })).map((entry) => entry.bytes.length);
        expect(await lengths(0, 1)).toEqual([100]);
        expect(await lengths(0, 250)).toEqual([100, 100]);
        const third = (await log.read(lane('a'), 0))[2]?.sequence ?? 0;
        expect(await lengths(third, 10)).toEqual([5000]);
        expect(await lengths(third, 5100)).toEqual([5000, 100]);
      });

      it('by pages visits every entry once, in order', async () => {
        const written = await fill(log, lane('a'), 120);
        for (const maxBytes of [1, 40, 1000]) {
          const pages = await readAll(log, lane('a'), maxBytes);
          expect(pages.map((entry) => entry.sequence)).toEqual(written);
        }
      });

      it('while entries are appended returns a prefix without holes', async () => {
        const writing = fill(log, lane('a'), 60);
        const seen: number[] = [];
        for (let look = 0; look < 10; look += 1) seen.push(...(await other.read(lane('a'), (seen.at(-1) ?? 0) + 1)).map((entry) => entry.sequence));
        const written = await writing;
        expect(seen).toEqual(written.slice(0, seen.length));
      });
    });

    describe('trim', () => {
      it('keeps every entry from below on', async () => {
        const written = await fill(log, lane('a'), 20);
        await log.trim(lane('a'), written[12] ?? 0);
        expect((await log.read(lane('a'), written[12] ?? 0)).map((entry) => entry.sequence)).toEqual(written.slice(12));
        expect((await log.last(lane('a')))?.sequence).toBe(written.at(-1));
      });

      it('never drops the last entry, so a lane that was used never looks empty (L10)', async () => {
        const written = await fill(log, lane('a'), 5);
        const last = written.at(-1) ?? 0;
        for (const below of [last, last + 1, last + 1_000_000]) await log.trim(lane('a'), below);
        expect(show([await log.last(lane('a'))])).toEqual([[last, 'entry 4']]);
        expect((await log.read(lane('a'), last)).map((entry) => entry.sequence)).toEqual([last]);
        expect(await log.append(lane('a'), text('zombie'), 0)).toEqual({ kind: 'conflict', last });
      });

      it('is idempotent, takes any order, and lets the lane go on', async () => {
        const written = await fill(log, lane('a'), 10);
        for (const at of [5, 5, 2, 8, 0]) await log.trim(lane('a'), written[at] ?? 0);
        const next = await mustAppend(log, lane('a'), text('next'), written.at(-1) ?? 0);
        await log.trim(lane('a'), next);
        expect((await log.last(lane('a')))?.sequence).toBe(next);
        await mustAppend(log, lane('a'), text('more'), next);
      });

      it('of an unknown lane does nothing', async () => {
        await log.trim(lane('none'), 100);
        expect(await log.last(lane('none'))).toBeUndefined();
        await mustAppend(log, lane('none'), text('x'), 0);
      });

      it('of one lane leaves the others alone', async () => {
        await fill(log, lane('a'), 5);
        const written = await fill(log, lane('b'), 5);
        await log.trim(lane('a'), 1_000_000);
        expect((await log.read(lane('b'), 0)).map((entry) => entry.sequence)).toEqual(written);
      });
    });
  });
}

function lane(name: string): LaneId {
  return laneId(universeId('main'), 1, incarnationId(nodeId(name), 1_700_000_000_000, new Uint8Array(10)));
}

function text(written: string): Uint8Array {
  return new TextEncoder().encode(written);
}

function show(entries: readonly (LogEntry | undefined)[]): [Sequence | undefined, string][] {
  return entries.map((entry) => [entry?.sequence, new TextDecoder().decode(entry?.bytes)]);
}

/** Large arrays, compared without the cost of a deep comparison. */
function same(one: Uint8Array | undefined, two: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, two) === 0;
}

async function mustAppend(log: Log, id: LaneId, bytes: Uint8Array, expected: Sequence): Promise<Sequence> {
  const result = await log.append(id, bytes, expected);
  if (result.kind !== 'appended') throw new Error(`the append to ${id} at ${expected} met ${result.last}`);
  return result.sequence;
}

async function fill(log: Log, id: LaneId, count: number): Promise<readonly Sequence[]> {
  const written: Sequence[] = [];
  for (let at = 0; at < count; at += 1) written.push(await mustAppend(log, id, text(`entry ${at}`), written.at(-1) ?? 0));
  return written;
}

async function readAll(log: Log, id: LaneId, maxBytes: number): Promise<readonly LogEntry[]> {
  const all: LogEntry[] = [];
  for (;;) {
    const page = await log.read(id, (all.at(-1)?.sequence ?? 0) + 1, maxBytes === 0 ? undefined : { maxBytes });
    if (page.length === 0) return all;
    all.push(...page);
  }
}

async function fight(log: Log, id: LaneId, { writer, wins }: { readonly writer: number; readonly wins: number }): Promise<void> {
  let last = 0;
  for (let won = 0; won < wins; ) {
    const result: AppendResult = await log.append(id, text(`${writer}: ${won}`), last);
    if (result.kind === 'appended') won += 1;
    last = result.kind === 'appended' ? result.sequence : result.last;
  }
}
