import type { AgentId } from '@skep/kernel';
import { type AgentRecord, type AgentStatus, decodeRecord, encodeRecord, type TurnRecord } from '@skep/protocol';
import { treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ActorState, decodeSegment, decodeSnapshot, encodeSegment, encodeSnapshot } from '../src/index.js';

const AGENT = 'default/k/a' as AgentId;
const peer = (at: number) => `default/k/p${at}` as AgentId;

interface Drawn {
  readonly what: 'turn' | 'begun';
  readonly steps: number;
  readonly edit: string | undefined;
  readonly from: number;
  readonly sends: readonly number[];
  readonly taken: boolean;
  readonly timer: string | undefined;
  readonly status: AgentStatus | undefined;
  readonly operation: boolean;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  what: fc.constantFrom('turn' as const, 'turn' as const, 'begun' as const),
  steps: fc.nat(3),
  edit: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }),
  from: fc.nat(3),
  sends: fc.array(fc.nat(3), { maxLength: 4 }),
  taken: fc.boolean(),
  timer: fc.option(fc.constantFrom('t1', 't2'), { nil: undefined }),
  status: fc.option(fc.constantFrom('active' as const, 'suspended' as const), { nil: undefined }),
  operation: fc.boolean(),
});

/** Records that a life made of these draws leaves, applied as they come. */
function live(draws: readonly Drawn[]): { state: ActorState; records: AgentRecord[] } {
  const state = new ActorState(AGENT, treeOf({}));
  const records: AgentRecord[] = [];
  let ms = 1_000;
  const write = (record: AgentRecord): void => {
    state.apply(record);
    records.push(record);
  };
  for (const draw of draws) {
    ms += 10;
    const cause = { kind: 'message', from: peer(draw.from), sequence: (state.cursors.get(peer(draw.from)) ?? 0) + 1 } as const;
    const common = { ms, counter: 0, cause, correlation: null };
    if (draw.what === 'begun') {
      write({ kind: 'begun', version: state.version, ...common, method: 'm', input: null, seed: 7, slot: null, body: null });
      for (let at = 0; at < draw.steps; at += 1)
        write({ kind: 'step', version: state.version, ...common, name: 's', occurrence: at + 1, outcome: { kind: 'value', value: at } });
    }
    const sent = new Map(state.sent);
    const sends = draw.sends.map((to) => {
      const sequence = (sent.get(peer(to)) ?? 0) + 1;
      sent.set(peer(to), sequence);
      return { to: peer(to), sequence, method: 'm', input: { n: sequence }, correlation: null };
    });
    const operation = `0190${ms.toString(16).padStart(4, '0')}-0000-7000-8000-000000000000`;
    const turn: TurnRecord = {
      kind: 'turn',
      version: state.version + (draw.edit === undefined ? 0 : 1),
      ...common,
      events: [{ type: 'm', data: null, edits: draw.edit === undefined ? [] : [{ kind: 'update', path: [draw.edit], new: ms }] }],
      rest: {
        ...(sends.length === 0 ? {} : { sends }),
        ...(draw.taken && state.outbox[0] !== undefined ? { taken: [[state.outbox[0].to, state.outbox[0].sequence]] } : {}),
        ...(draw.timer === undefined ? {} : { timers: [{ name: draw.timer, atMs: ms + 5, everyMs: 0, method: 'm', input: null }] }),
        ...(draw.status === undefined ? {} : { status: draw.status }),
        ...(draw.operation ? { reply: { slot: { kind: 'operation', id: operation }, body: new Uint8Array(16), value: ms } } : {}),
      },
    };
    write(turn);
  }
  return { state, records };
}

describe('G1 G8: an agent is the fold of its records', () => {
  it('S1: applied live, read back from the log, or from a snapshot anywhere in between, the roots are equal', () => {
    fc.assert(
      fc.property(fc.array(drawn, { maxLength: 25 }), fc.nat(), (draws, cut) => {
        const { state, records } = live(draws);
        const bytes = records.map(encodeRecord);
        const recovered = new ActorState(AGENT, treeOf({}));
        for (const body of bytes) recovered.apply(decodeRecord(body, AGENT));
        expect(recovered.actorRoot).toBe(state.actorRoot);
        expect(recovered.contentRoot).toBe(state.contentRoot);
        const at = records.length === 0 ? 0 : cut % (records.length + 1);
        const first = new ActorState(AGENT, treeOf({}));
        for (const body of bytes.slice(0, at)) first.apply(decodeRecord(body, AGENT));
        const { state: second, position } = decodeSnapshot(encodeSnapshot(first, at)(null), AGENT);
        for (const body of bytes.slice(position)) second.apply(decodeRecord(body, AGENT));
        expect(second.actorRoot).toBe(state.actorRoot);
      }),
    );
  });

  it('G11: refuses a record that cannot follow, before anything of it is applied', () => {
    const { state } = live([]);
    const root = state.actorRoot;
    const common = { ms: 5, counter: 0, cause: { kind: 'call', operation: null }, correlation: null } as const;
    const turn = (version: number, edits: boolean): AgentRecord => ({
      kind: 'turn',
      version,
      ...common,
      events: [{ type: 'm', data: null, edits: edits ? [{ kind: 'update', path: ['a'], new: 1 }] : [] }],
      rest: {},
    });
    const step: AgentRecord = { kind: 'step', version: 0, ...common, name: 's', occurrence: 1, outcome: { kind: 'value', value: 1 } };
    for (const record of [turn(0, true), turn(2, true), turn(1, false), step]) {
      expect(() => state.apply(record)).toThrowError(expect.objectContaining({ code: 'corrupt' }));
      expect(state.actorRoot).toBe(root);
    }
  });
});

describe('G11 P4: snapshots and segments', () => {
  const { state } = live([{ what: 'turn', steps: 0, edit: 'a', from: 0, sends: [1], taken: false, timer: 't1', status: undefined, operation: true }]);

  it('of another agent, of nonsense, cut short, or of a newer format are refused', () => {
    const bytes = encodeSnapshot(state, 1)(null);
    const segment = encodeSegment({ agent: AGENT, afterPosition: 0, afterVersion: 0, version: 1, base: null, previous: null, records: [bytes] });
    for (const [decode, good] of [
      [decodeSnapshot, bytes],
      [decodeSegment, segment],
    ] as const) {
      expect(() => decode(good, 'default/k/b' as AgentId)).toThrowError(expect.objectContaining({ code: 'corrupt' }));
      expect(() => decode(good.slice(0, -1), AGENT)).toThrowError(expect.objectContaining({ code: 'corrupt' }));
      expect(() => decode(new Uint8Array([1]), AGENT)).toThrowError(expect.objectContaining({ code: 'corrupt' }));
      const future = good.slice();
      future[1] = 9;
      expect(() => decode(future, AGENT)).toThrowError(expect.objectContaining({ code: 'unsupported-format' }));
      expect(decode(good, AGENT)).toBeDefined();
    }
  });
});
