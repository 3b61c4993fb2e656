import { draftOf, heapBytesOf, packTree, type RetainedAgent, RetainedVersions, type Tree, treeOf, unpackTree } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AGENT_BYTES, ENTRY_BYTES } from '../../src/memory/agent-versions.js';
import { collectMembers, type Member, ownBytes } from '../../src/memory/heap-bytes.js';
import { objectOf, STATE_S } from '../arbitrary.js';

type State = typeof STATE_S;

/** Versions of an agent, each with one score changed; the last score says which version it is. */
function changed(tree: Tree, version: number): Tree {
  return tree.apply([
    { kind: 'update', path: ['memory', (version * 37) % 50, 'score'], new: version + 0.25 },
    { kind: 'update', path: ['step'], new: version },
  ]);
}

function kept(retained: RetainedVersions, name: string, versions: number): RetainedAgent {
  let tree = treeOf({ ...STATE_S, id: name });
  const agent = retained.open(name, 0, tree);
  for (let version = 1; version <= versions; version += 1) {
    tree = changed(tree, version);
    retained.keep(agent, version, tree);
  }
  return agent;
}

const stepOf = (tree: Tree | undefined) => tree?.get(['step']);

/** What the nodes of all these trees take, each counted once. */
function heldBytes(trees: readonly Tree[]): number {
  const members = new Set<Member>();
  for (const tree of trees) collectMembers(tree.item, members);
  let bytes = 0;
  for (const member of members) bytes += ownBytes(member);
  return bytes;
}

describe('V10: versions in memory', () => {
  test('V10: the pack that a tree was read from counts as long as a past version leads there, though the newest does not', () => {
    const read = unpackTree(packTree(treeOf(STATE_S)));
    const retained = new RetainedVersions({ versionsMax: 2 });
    const agent = retained.open('a', 0, read);
    const held = heapBytesOf(read);
    let tree = read;
    // Nothing is left of the list that was read.
    for (let version = 1; version <= 3; version += 1) {
      tree = tree.apply([
        { kind: 'update', path: ['memory'], new: [] },
        ...(version === 1 ? [] : [{ kind: 'update', path: ['step'], new: version } as const]),
      ]);
      retained.keep(agent, version, tree);
      if (version < 3) expect(retained.countedBytes()).toBeGreaterThan(held);
    }
    expect(retained.countedBytes()).toBeLessThan(held);
    expect(heapBytesOf(tree)).toBeLessThan(held / 2);
    retained.close(agent);
    expect(retained.bytes).toBe(0);
  });

  test('V10: the last versions of each agent are readable, older ones are not', () => {
    const retained = new RetainedVersions({ versionsMax: 100 });
    const agents = ['a', 'b', 'c'].map((name) => kept(retained, name, 250));
    for (const agent of agents) {
      for (let version = 150; version <= 250; version += 1) expect(stepOf(retained.at(agent, version))).toBe(version);
      expect(retained.at(agent, 149)).toBeUndefined();
      expect(retained.at(agent, 251)).toBeUndefined();
      expect(retained.upTo(agent, 251)?.version).toBe(250);
      expect(retained.upTo(agent, 149)).toBeUndefined();
    }
    expect(retained.versions).toBe(300);
    for (const agent of [...agents, ...agents]) retained.close(agent);
    expect(retained.bytes).toBe(0);
    expect(retained.versions).toBe(0);
  });

  test('V10: the budget holds, versions of all agents are evicted for it, and never the newest one', () => {
    const bytesMax = 300_000;
    const evicted = new Set<string>();
    const retained = new RetainedVersions({
      bytesMax,
      evicted: ({ agent, version, tree }) => {
        expect(stepOf(tree)).toBe(version === 0 ? STATE_S.step : version);
        evicted.add(`${agent}#${version}`);
      },
    });
    const agents: RetainedAgent[] = [];
    for (let at = 0; at < 10; at += 1) {
      agents.push(kept(retained, `agent ${at}`, 60));
      expect(retained.countedBytes()).toBeLessThanOrEqual(bytesMax);
    }
    for (const agent of agents) expect(stepOf(retained.at(agent, 60))).toBe(60);
    expect(evicted.size).toBeGreaterThan(300);
    expect(evicted.size + retained.versions).toBe(600);
    expect([...evicted].some((name) => name.endsWith('#60'))).toBe(false);
    expect(retained.isOver).toBe(false);
  });

  test('V10: where the newest versions are nearly all of the budget, past ones still have the rest of it', () => {
    const open = (retained: RetainedVersions) =>
      Array.from({ length: 40 }, (_, at) => retained.open(`${at}`, 0, treeOf({ ...STATE_S, id: `${at}` })));
    const newest = new RetainedVersions();
    open(newest);
    const retained = new RetainedVersions({ bytesMax: newest.countedBytes() * 1.05 });
    const agents = open(retained);
    retained.countedBytes();
    let least = Number.POSITIVE_INFINITY;
    for (let version = 1; version <= 30; version += 1) {
      for (const agent of agents) {
        retained.keep(agent, version, changed(agent.tree, version));
        if (version > 10) least = Math.min(least, retained.versions);
      }
    }
    expect(least).toBeGreaterThan(10);
    expect(retained.bytes).toBeLessThanOrEqual(retained.bytesMax);
  });

  test('V10: where the newest versions alone are beyond the budget, all of them stay and it is said', () => {
    const retained = new RetainedVersions({ bytesMax: 20_000 });
    const agents = Array.from({ length: 10 }, (_, at) => kept(retained, `${at}`, 5));
    expect(retained.versions).toBe(0);
    expect(retained.isOver).toBe(true);
    for (const agent of agents) expect(stepOf(retained.at(agent, 5))).toBe(5);
  });

  test('V10: what is counted is what all versions take together, each node once, whatever was dropped in between', () => {
    const lists = fc.array(fc.tuple(fc.constantFrom('set', 'push', 'shift', 'grow', 'drop', 'undo'), fc.nat(400)), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(lists, fc.integer({ min: 3, max: 40 }), fc.integer({ min: 8_000, max: 80_000 }), (steps, versionsMax, bytesMax) => {
        const retained = new RetainedVersions({ versionsMax, bytesMax });
        let tree = treeOf({ ...STATE_S, wide: objectOf(Array.from({ length: 40 }, (_, at) => [`k${at}`, { at }] as const)) });
        const agent = retained.open('a', 0, tree);
        for (const [at, [kind, pick]] of steps.entries()) {
          const draft = draftOf<State & { wide: Record<string, { at: number }> }>(tree);
          const { state } = draft;
          if (kind === 'set') (state.memory[pick % state.memory.length] as { score: number }).score = at + 0.5;
          if (kind === 'push') state.memory.push({ text: `pushed in step ${at}`, score: 0.5 });
          if (kind === 'shift') state.memory.shift();
          if (kind === 'grow') state.wide[`more ${pick}`] = { at: pick + 0.5 };
          if (kind === 'drop') delete state.wide[`k${pick % 40}`];
          if (kind === 'undo') retained.at(agent, pick % (at + 1));
          state.step = 1_000 + at;
          ({ tree } = draft.finish());
          if (pick % 5 === 0) retained.replace(agent, at + 1, tree);
          else retained.keep(agent, at + 1, tree);
          if (pick % 3 === 0) retained.countedBytes();
        }
        const counted = retained.countedBytes();
        const held = heldBytes([...agent.past.map((past) => past.tree), tree]);
        const overhead = ENTRY_BYTES * agent.past.length + AGENT_BYTES;
        expect(Math.abs(counted - overhead - held)).toBeLessThanOrEqual(held * 0.03);
      }),
      { numRuns: 150 },
    );
  });

  test('V10: of an agent that keeps some versions only, the last one before is found', () => {
    const retained = new RetainedVersions({ versionsMax: 30 });
    let tree = treeOf(STATE_S);
    const agent = retained.open('a', 0, tree);
    for (let version = 1; version <= 100; version += 1) {
      tree = changed(tree, version);
      if (version % 8 === 0) retained.keep(agent, version, tree);
      else retained.replace(agent, version, tree);
      if (version % 3 === 0) retained.countedBytes();
    }
    expect(retained.versions).toBe(4);
    expect(retained.upTo(agent, 94)).toMatchObject({ version: 87 });
    expect(stepOf(retained.upTo(agent, 94)?.tree)).toBe(87);
    const overhead = ENTRY_BYTES * 4 + AGENT_BYTES;
    expect(retained.countedBytes() - overhead).toBe(heldBytes([...agent.past.map((past) => past.tree), tree]));
  });

  test('V10: a state that grows is noticed before anything is counted', () => {
    const retained = new RetainedVersions({ bytesMax: 500_000 });
    const agent = retained.open('a', 0, treeOf({ text: '' }));
    retained.replace(agent, 1, treeOf({ text: 'x'.repeat(600_000) }));
    expect(retained.isOver).toBe(true);
    retained.replace(agent, 2, treeOf({ text: '' }));
    expect(retained.isOver).toBe(false);
  });

  test('V10: an agent that goes back to an old version and on is never counted below what it takes', () => {
    const retained = new RetainedVersions();
    const first = treeOf(STATE_S);
    const agent = retained.open('a', 0, first);
    const trees = [first];
    for (let version = 1; version <= 20; version += 1) {
      const tree = version % 5 === 0 ? first : changed(trees.at(-1) as Tree, version);
      trees.push(tree);
      retained.keep(agent, version, tree);
    }
    expect(retained.countedBytes()).toBeGreaterThanOrEqual(heldBytes(trees));
  });

  test('V10: counting costs what changed, not what there is', () => {
    const wide = objectOf(Array.from({ length: 10_000 }, (_, at) => [`key ${at}`, `value ${at}`] as const));
    const tree = treeOf(wide);
    const reads = countReads(tree);
    const next = tree.apply([{ kind: 'update', path: ['key 77'], new: 'changed' }]);
    const retained = new RetainedVersions();
    const agent = retained.open('x', 0, tree);
    retained.countedBytes();
    const before = reads();
    retained.keep(agent, 1, next);
    retained.countedBytes();
    expect(before).toBeGreaterThan(2_000);
    expect(reads() - before).toBeLessThan(40);
  });

  test('V10, V5: states beside the versions take what they do not share, as long as they are kept', () => {
    const retained = new RetainedVersions();
    const agent = kept(retained, 'a', 3);
    const newest = agent.tree;
    const before = retained.countedBytes();
    const branches = Array.from({ length: 8 }, (_, at) =>
      changed(newest, 100 + at).apply([{ kind: 'create', path: ['draft'], new: 'x'.repeat(1_000 * at) }]),
    );
    retained.putBeside(agent, [{ tree: newest, from: undefined }, ...branches.map((tree) => ({ tree, from: newest }))]);
    const whole = heldBytes([newest, ...branches]) - heapBytesOf(newest);
    const counted = retained.countedBytes() - before;
    expect(counted).toBeGreaterThan(whole);
    expect(counted).toBeLessThan(whole * 1.1 + 9 * ENTRY_BYTES);
    // The next version shares nothing with them.
    retained.replace(agent, 4, treeOf({}));
    expect(retained.countedBytes()).toBeGreaterThan(before + counted - AGENT_BYTES);
    retained.putBeside(
      agent,
      branches.map((tree) => ({ tree, from: undefined })),
    );
    retained.putBeside(agent, []);
    expect(retained.countedBytes()).toBeLessThan(before);
    retained.putBeside(agent, [{ tree: newest, from: undefined }]);
    retained.close(agent);
    expect(retained.bytes).toBe(0);
  });

  test('V10, V5: past versions make room for what is kept beside the newest', () => {
    const evicted: number[] = [];
    const retained = new RetainedVersions({ bytesMax: 60_000, evicted: ({ version }) => evicted.push(version) });
    const agent = kept(retained, 'a', 20);
    const with40 = agent.tree.apply([{ kind: 'create', path: ['draft'], new: 'x'.repeat(40_000) }]);
    expect(evicted).toEqual([]);
    retained.putBeside(agent, [{ tree: with40, from: agent.tree }]);
    expect(evicted.length).toBeGreaterThan(0);
    expect(retained.bytes).toBeLessThanOrEqual(60_000);
    const with90 = agent.tree.apply([{ kind: 'create', path: ['draft'], new: 'y'.repeat(90_000) }]);
    retained.putBeside(agent, [{ tree: with90, from: agent.tree }]);
    expect(retained.isOver).toBe(true);
  });
});

/** Counts how often the own parts of the tree's branches are looked at. */
function countReads(tree: Tree): () => number {
  let reads = 0;
  const members = new Set<Member>();
  collectMembers(tree.item, members);
  for (const member of members) {
    if (typeof member !== 'object' || member.kind !== 'branch') continue;
    const { keys } = member;
    Object.defineProperty(member, 'keys', {
      get: () => {
        reads += 1;
        return keys;
      },
    });
  }
  return () => reads;
}
