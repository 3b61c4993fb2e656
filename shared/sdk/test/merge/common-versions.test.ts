import type { MergePoint } from '@skep/actor';
import type { AgentId } from '@skep/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentVersion } from '../../src/merge/agent-merge.js';
import { commonVersions, reachOf } from '../../src/merge/common-versions.js';

const AGENTS = ['a', 'b', 'c', 'd'] as unknown as readonly AgentId[];

/** `merge` takes over what another agent is at; with `changes: false` it had all of it, and its version stays. */
const steps = fc.array(fc.record({ agent: fc.nat(3), from: fc.nat(3), kind: fc.constantFrom('turn', 'merge'), changes: fc.boolean() }), {
  maxLength: 60,
  size: 'max',
});

type Steps = typeof steps extends fc.Arbitrary<infer All> ? All : never;

function played(all: Steps) {
  const versions = new Map(AGENTS.map((agent) => [agent, 0]));
  const points = new Map<AgentId, MergePoint[]>(AGENTS.map((agent) => [agent, []]));
  const of = (at: number): AgentVersion => ({ agent: AGENTS[at] as AgentId, version: versions.get(AGENTS[at] as AgentId) ?? 0 });
  for (const { agent, from, kind, changes } of all) {
    if (agent === from) continue;
    const own = of(agent);
    const version = own.version + (kind === 'turn' || changes ? 1 : 0);
    versions.set(own.agent, version);
    if (kind === 'merge') points.get(own.agent)?.push({ kind: 'merged', version, from: of(from) });
  }
  return { of, pointsOf: (agent: AgentId) => points.get(agent) ?? [] };
}

const textOf = ({ agent, version }: AgentVersion) => `${agent}@${version}`;

/** Every version that these come from, one by one, themselves included. */
function origins(some: readonly AgentVersion[], pointsOf: (agent: AgentId) => readonly MergePoint[]): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...some];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { agent, version } = next;
    if (version < 0 || found.has(textOf(next))) continue;
    found.add(textOf(next));
    open.push({ agent, version: version - 1 });
    for (const point of pointsOf(agent)) if (point.version === version) open.push(point.from);
  }
  return found;
}

describe('V8: what agents have in common', () => {
  it('V8: the newest of each agent, as a search one by one finds it', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { of, pointsOf } = played(all);
        const expected = origins([of(0)], pointsOf);
        const reach = reachOf([of(0)], pointsOf);
        for (const agent of AGENTS) {
          for (let version = 0; version <= 60; version += 1)
            expect(expected.has(textOf({ agent, version }))).toBe((reach.get(agent) ?? -1) >= version);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('V8: the best common versions cover all that is common, and none comes from another (merges that changed nothing included)', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const { of, pointsOf } = played(all);
        for (const [some, other] of [
          [[of(0)], of(1)],
          [[of(0), of(2)], of(3)],
        ] as const) {
          const best = commonVersions(some, other, pointsOf);
          const common = [...origins(some, pointsOf)].filter((each) => origins([other], pointsOf).has(each));
          expect([...origins(best, pointsOf)].sort()).toEqual(common.sort());
          for (const each of best) {
            const others = best.filter((candidate) => candidate !== each);
            expect(origins(others, pointsOf).has(textOf(each))).toBe(false);
          }
          expect(commonVersions([other], some[0] as AgentVersion, pointsOf)).toEqual(commonVersions([some[0] as AgentVersion], other, pointsOf));
        }
      }),
      { numRuns: 300 },
    );
  });
});
