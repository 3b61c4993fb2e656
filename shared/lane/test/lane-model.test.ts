/** G1, L1, L6, L8: whatever a log does to appends, what was released lies in the lane, once and in order, and what was given up does not. */
import type { LogEntry } from '@skep/ports';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Answer, decodeBatch, type LaneRequest, LaneTail, recoverAgent } from '../src/index.js';
import { A, bytesOf, DISK_FULL, DrivenLane, ME, textOf } from './driven-lane.js';

type Fate = 'ok' | 'lost' | 'drop' | 'refuse' | 'late';
type Step = { readonly kind: 'write' } | { readonly kind: 'read' } | { readonly kind: 'answer'; readonly fate: Fate };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant({ kind: 'write' } as const) },
    { weight: 1, arbitrary: fc.constant({ kind: 'read' } as const) },
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('answer' as const), fate: fc.constantFrom<Fate>('ok', 'ok', 'lost', 'drop', 'refuse', 'late') }),
    },
  ),
  { maxLength: 60 },
);

/** A dumb log, and what a client noted: tickets with the text behind them. */
class Model {
  readonly driven = new DrivenLane().hold();
  readonly log: LogEntry[] = [];
  private readonly waiting = new Map<number, string>();
  readonly acknowledged: string[] = [];
  readonly given: string[] = [];
  private late: Extract<LaneRequest, { kind: 'append' }> | undefined;
  private count = 0;
  private seen = this.driven.outputs.length;

  do(step: Step): void {
    if (step.kind === 'answer') this.answer(step.fate);
    else if (this.driven.lane.holds(A)) this.write(step.kind);
    else this.claimAgain();
    this.note();
  }

  /** Lets everything that is under way end well. */
  finish(): void {
    for (let turn = 0; turn < 20; turn += 1) this.do({ kind: 'answer', fate: 'ok' });
    if (!this.driven.lane.holds(A)) this.claimAgain();
  }

  recovered(): readonly string[] {
    const tail = new LaneTail(ME);
    tail.push(this.log);
    const ranges = this.epochs().map((epoch) => ({ lane: ME, ...epoch, after: 0 }));
    const recovery = recoverAgent({ agent: A, snapshot: null, ranges, ownLane: ME, tailOf: () => tail });
    if (recovery.kind === 'damaged') throw new Error(recovery.message);
    return recovery.records.map(({ body }) => textOf(body));
  }

  /** The whole lane, cut where the epoch changes: what a trail would say. */
  private epochs(): { from: number; upTo: number; epoch: number }[] {
    const found: { from: number; upTo: number; epoch: number }[] = [];
    for (const { bytes } of this.log) {
      const { number, records } = decodeBatch(bytes);
      const epoch = records[0]?.epoch;
      const last = found.at(-1);
      if (epoch === undefined || last?.epoch === epoch) {
        if (last !== undefined) last.upTo = number;
      } else found.push({ from: number, upTo: number, epoch });
    }
    return found;
  }

  private write(kind: 'write' | 'read'): void {
    this.driven.after((lane) => {
      if (kind === 'read') lane.barrier(0);
      else {
        this.count += 1;
        this.waiting.set(lane.write(A, bytesOf(String(this.count))), String(this.count));
      }
      lane.flush();
    });
  }

  private answer(fate: Fate): void {
    const { driven } = this;
    if (fate === 'late') return void (this.late !== undefined && this.append(this.late));
    if (driven.waitingKinds.includes('last')) {
      driven.answer('last', { kind: 'last', entry: this.log.at(-1) });
      return;
    }
    if (!driven.waitingKinds.includes('append')) return;
    const request = driven.waiting('append');
    if (fate === 'refuse') driven.answer('append', { kind: 'failed', error: DISK_FULL });
    else if (fate === 'ok') driven.answer('append', this.append(request));
    else {
      if (fate === 'lost') this.append(request);
      else this.late = request;
      driven.answer('append', { kind: 'unknown' });
    }
  }

  private append({ expected, bytes }: Extract<LaneRequest, { kind: 'append' }>): Answer {
    const last = this.log.at(-1)?.sequence ?? 0;
    if (last !== expected) return { kind: 'conflict' };
    this.log.push({ sequence: last + 1, bytes: bytes.slice() });
    return { kind: 'appended', sequence: last + 1 };
  }

  /** After its records were given up the agent goes back to what the lane says. */
  private claimAgain(): void {
    const { driven } = this;
    driven.after((lane) => lane.claim(A));
    if (driven.waitingKinds.includes('get')) driven.answer('get', { kind: 'entry', entry: this.entry, revision: this.revision });
    if (!driven.waitingKinds.includes('update')) return;
    this.entry = driven.waiting('update').entry;
    this.revision += 1;
    driven.answer('update', { kind: 'updated', revision: this.revision });
    if (!driven.waitingKinds.includes('recover')) return;
    const tail = new LaneTail(ME);
    tail.push(this.log);
    driven.answer('recover', recoverAgent({ ...driven.waiting('recover'), ownLane: ME, tailOf: () => tail }));
  }

  private entry = (() => {
    const first = this.driven.outputs.find((output) => output.kind === 'update');
    if (first?.kind !== 'update') throw new Error('nothing was claimed');
    return first.entry;
  })();
  private revision = 1;

  private note(): void {
    const news = this.driven.outputs.slice(this.seen);
    this.seen = this.driven.outputs.length;
    for (const output of news) {
      if (output.kind === 'released')
        for (const [ticket, text] of this.waiting) if (ticket <= output.through) this.take(ticket, text, this.acknowledged);
      if (output.kind === 'aborted') for (const [ticket, text] of this.waiting) this.take(ticket, text, this.given);
      if (output.kind === 'dead' || output.kind === 'refused') throw new Error(`the lane is ${JSON.stringify(output)}`);
    }
  }

  private take(ticket: number, text: string, into: string[]): void {
    this.waiting.delete(ticket);
    into.push(text);
  }
}

describe('a lane on a log that loses answers, drops, delays and refuses', () => {
  test('after everything has ended, the lane holds just what was acknowledged, in order', () => {
    let acknowledged = 0;
    let given = 0;
    fc.assert(
      fc.property(steps, (script) => {
        const model = new Model();
        for (const step of script) model.do(step);
        model.finish();
        expect(model.recovered()).toEqual(model.acknowledged);
        expect(model.acknowledged.filter((text) => model.given.includes(text))).toEqual([]);
        acknowledged += model.acknowledged.length;
        given += model.given.length;
      }),
      { numRuns: 1000 },
    );
    expect(acknowledged).toBeGreaterThan(1000);
    expect(given).toBeGreaterThan(100);
  });

  test('at every moment, what was acknowledged is in the lane', () => {
    fc.assert(
      fc.property(steps, (script) => {
        const model = new Model();
        for (const step of script) {
          model.do(step);
          expect(model.recovered().slice(0, model.acknowledged.length)).toEqual(model.acknowledged);
        }
      }),
      { numRuns: 300 },
    );
  });
});
