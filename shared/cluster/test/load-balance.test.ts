/** O2: where something new should run, how busy the cluster is, and what should move. */
import { type AgentId, agentId, type IncarnationId, incarnationId, nodeId } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  getClusterUtilization,
  IDLE,
  type Load,
  type Member,
  type MemberStatus,
  rebalanceWorkload,
  selectNode,
  updateNodeMetrics,
  type Workload,
} from '../src/index.js';

interface Parts extends Partial<Load> {
  readonly status?: MemberStatus;
  readonly suspected?: boolean;
}

function member(name: string, { status = 'serving', suspected = false, ...load }: Parts = {}): Member {
  const incarnation = incarnationId(nodeId(name), 1, Uint8Array.of(0));
  return { incarnation, node: nodeId(name), startedMs: 1, status, load: { ...IDLE, ...load }, suspected };
}

const nodeOf = (incarnation: IncarnationId | undefined): string | undefined => incarnation?.split('-')[0];

describe('O2: selectNode', () => {
  test('O2: the member with most room, by its scarcest resource, the newcomer counted in', () => {
    const members = [
      member('a', { cpuShare: 0.1, memoryShare: 0.9 }),
      member('b', { cpuShare: 0.5, memoryShare: 0.5 }),
      member('c', { cpuShare: 0.7 }),
    ];
    expect(nodeOf(selectNode(members))).toBe('b');
    expect(nodeOf(selectNode(members, { memoryShare: 0.4 }))).toBe('c');
    expect(nodeOf(selectNode(members, { memoryShare: 0.4, avoid: [nodeId('c')] }))).toBe('b');
    expect(selectNode(members, { memoryShare: 0.4, cpuShare: 0.6 })).toBeUndefined();
  });

  test('O2: agents that talk sit together where there is room', () => {
    const members = [member('a', { cpuShare: 0.2 }), member('b', { cpuShare: 0.5 }), member('c', { cpuShare: 0.95 })];
    const [a, b, c] = members.map(({ incarnation }) => incarnation) as [IncarnationId, IncarnationId, IncarnationId];
    expect(selectNode(members, { near: [b, b, b, a] })).toBe(a);
    expect(selectNode(members, { near: [b, b] })).toBe(b);
    expect(selectNode(members, { near: [c], cpuShare: 0.1 })).toBe(a);
  });

  test('O2: nobody who drains, leaves, is suspected or bears nothing; equals by fewer agents, then by name', () => {
    const no = [
      member('a', { status: 'draining' }),
      member('b', { status: 'leaving' }),
      member('c', { suspected: true }),
      member('d', { capacity: 0 }),
    ];
    expect(selectNode(no)).toBeUndefined();
    expect(nodeOf(selectNode([...no, member('e', { agents: 5 }), member('f', { agents: 4 }), member('g', { agents: 4 })]))).toBe('f');
  });
});

describe('O2: figures of the cluster', () => {
  test('O2: metrics of one node replace those given, and nothing else', () => {
    const members = [member('a', { agents: 1, cpuShare: 0.5 }), member('b')];
    const after = updateNodeMetrics(members, (members[0] as Member).incarnation, { agents: 2 });
    expect(after.map(({ load }) => [load.agents, load.cpuShare])).toEqual([
      [2, 0.5],
      [0, 0],
    ]);
    expect(updateNodeMetrics(members, member('z').incarnation, { agents: 2 })).toEqual(members);
  });

  test('O2: utilisation sums what is counted and weighs shares by capacity', () => {
    const members = [
      member('a', { agents: 30, turnsPerSecond: 5, cpuShare: 0.9, capacity: 1 }),
      member('b', { agents: 30, turnsPerSecond: 7, cpuShare: 0.1, capacity: 3 }),
      member('c', { agents: 4, status: 'draining', logShare: 0.95, capacity: 0 }),
    ];
    const { cpuShare, imbalance, busiest, ...rest } = getClusterUtilization(members);
    expect(rest).toEqual({ members: { serving: 2, draining: 1, leaving: 0 }, agents: 64, turnsPerSecond: 12, memoryShare: 0, logShare: 0 });
    expect(cpuShare).toBeCloseTo(0.3);
    expect(imbalance).toBeCloseTo(2);
    expect(nodeOf(busiest)).toBe('c');
    const nobody = { members: { serving: 0, draining: 0, leaving: 0 }, agents: 0, turnsPerSecond: 0, cpuShare: 0, memoryShare: 0, logShare: 0 };
    expect(getClusterUtilization([])).toEqual({ ...nobody, imbalance: 0, busiest: undefined });
  });
});

describe('O2: rebalanceWorkload', () => {
  const workloads = fc
    .array(
      fc.record({ count: fc.nat(20), capacity: fc.constantFrom(1, 2), status: fc.constantFrom<MemberStatus>('serving', 'serving', 'draining') }),
      {
        ...{ minLength: 1, maxLength: 6 },
      },
    )
    .map(workloadOf);

  test('O2: afterwards every node has its share, and no agent moved that need not', () => {
    fc.assert(
      fc.property(workloads, ({ members, held, tolerance }) => {
        const moves = rebalanceWorkload({ members, held, tolerance: tolerance as number });
        const weight = members.reduce((sum, { status, load }) => sum + (status === 'serving' ? load.capacity : 0), 0);
        const total = [...held.values()].reduce((sum, each) => sum + each.length, 0);
        if (weight === 0) return void expect(moves).toEqual([]);
        let aboveFloor = 0;
        let fulls = 0;
        let floors = 0;
        let isEven = true;
        for (const { incarnation, status, load } of members) {
          const exact = status === 'serving' ? (total * load.capacity) / weight : 0;
          const before = held.get(incarnation)?.length ?? 0;
          const after = before + moves.filter(({ to }) => to === incarnation).length - moves.filter(({ from }) => from === incarnation).length;
          expect(after).toBeLessThanOrEqual(Math.ceil(exact));
          expect(moves.filter(({ to }) => to === incarnation).length * moves.filter(({ from }) => from === incarnation).length).toBe(0);
          aboveFloor += Math.max(0, before - Math.floor(exact));
          fulls += before > Math.floor(exact) && exact > Math.floor(exact) ? 1 : 0;
          floors += Math.floor(exact);
          isEven &&= before <= Math.ceil(exact);
        }
        // As many shares are rounded up as agents are left over; each of them saves a move where a node holds more than its share.
        expect(moves.length).toBe(isEven ? 0 : aboveFloor - Math.min(total - floors, fulls));
        expect(new Set(moves.map(({ agent }) => agent)).size).toBe(moves.length);
        for (const { agent, from } of moves) expect(held.get(from)).toContain(agent);
      }),
      {
        examples: [
          [
            workloadOf([
              { count: 12, capacity: 2, status: 'serving' },
              { count: 0, capacity: 1, status: 'draining' },
              { count: 10, capacity: 1, status: 'serving' },
              { count: 0, capacity: 1, status: 'serving' },
            ]),
          ],
        ],
      },
    );
  });

  test('O2: within the tolerance nothing moves; who drains is emptied whatever the tolerance', () => {
    const held = (counts: readonly number[]): Workload['held'] =>
      new Map(counts.map((count, at) => [member(`n${at}`).incarnation, Array.from({ length: count }, (_, each) => `t/k/a${at}-${each}` as AgentId)]));
    const two = [member('n0'), member('n1')];
    expect(rebalanceWorkload({ members: two, held: held([55, 45]) })).toEqual([]);
    expect(rebalanceWorkload({ members: two, held: held([56, 44]) })).toHaveLength(6);
    expect(rebalanceWorkload({ members: [member('n0'), member('n1', { status: 'draining' })], held: held([50, 2]) })).toHaveLength(2);
  });

  test('O2: the cheapest leave first, and who stays stays', () => {
    const [one, two] = [member('n0'), member('n1')];
    const names = ['t/k/a', 't/k/b', 't/k/c', 't/k/d'] as AgentId[];
    const cost = (agent: AgentId): number => (agent === 't/k/a' ? 9 : agent === 't/k/d' ? 0 : 1);
    const moves = rebalanceWorkload({ members: [one, two], held: new Map([[one.incarnation, names]]), cost, stays: (agent) => agent === 't/k/b' });
    expect(moves).toEqual(['t/k/d', 't/k/c'].map((agent) => ({ agent, from: one.incarnation, to: two.incarnation })));
  });
});

function workloadOf(nodes: readonly { readonly count: number; readonly capacity: number; readonly status: MemberStatus }[]): Workload {
  const members = nodes.map(({ capacity, status }, at) => member(`n${at}`, { capacity, status }));
  const names = (node: number, count: number): AgentId[] =>
    Array.from({ length: count }, (_, at) => agentId({ tenant: 't', kind: 'k', name: `a${node}-${at}` }));
  return { members, held: new Map(nodes.map(({ count }, at) => [(members[at] as Member).incarnation, names(at, count)])), tolerance: 0 };
}
