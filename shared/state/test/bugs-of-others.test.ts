/** Bugs that others had with versioned states, each as a promise of this room. Those of collection and of disks belong to rooms that are not here yet. */
import { agentId, toHex } from '@skep/kernel';
import { type CheckpointId, draftOf, packTree, StateEngine, type Tree, treeOf, unpackTree } from '@skep/state';
import { describe, expect, test } from 'vitest';
import { linkHash, sinkTree } from '../src/seal.js';
import { codeOf, objectOf, type Plain, put, STATE_S, shuffled } from './arbitrary.js';

const agent = agentId({ tenant: 'default', kind: 'known', name: 'bugs' });

const edited = (tree: Tree, work: (state: Plain) => unknown): Tree => {
  const draft = draftOf<Plain>(tree);
  work(draft.state);
  return draft.finish().tree;
};

describe('V1: forks of one parent', () => {
  test('V1: what parallel forks write is never merged into each other', () => {
    const engine = new StateEngine();
    const parent = engine.createCheckpoint(agent, treeOf({ messages: ['start'] }));
    const names = Array.from({ length: 8 }, (_, at) => `fork-${at}`);
    for (const name of names) engine.branchState(parent.id, name);
    for (let turn = 0; turn < 5; turn += 1) {
      for (const name of shuffled(names, turn)) {
        const { tree } = engine.head({ agent, name });
        engine.createCheckpoint(
          agent,
          edited(tree, (state) => (state.messages as unknown[]).push(`${name} ${turn}`)),
          name,
        );
      }
    }
    for (const name of names) {
      expect(engine.head({ agent, name }).tree.value()).toEqual({ messages: ['start', ...[0, 1, 2, 3, 4].map((turn) => `${name} ${turn}`)] });
    }
    expect(engine.restoreState(parent.id).value()).toEqual({ messages: ['start'] });
  });

  test('V1: who goes back and writes gets a checkpoint of its own; those after it stay', () => {
    const engine = new StateEngine();
    const ids: CheckpointId[] = [];
    let tree = treeOf({ n: 0 });
    for (let n = 1; n <= 5; n += 1) {
      tree = edited(tree, (state) => Object.assign(state, { n }));
      ids.push(engine.createCheckpoint(agent, tree).id);
    }
    const [first] = ids as [CheckpointId];
    const branch = engine.branchState(first, 'back');
    const again = engine.createCheckpoint(
      agent,
      edited(engine.restoreState(first), (state) => Object.assign(state, { n: 'other' })),
      branch.name,
    );
    expect(ids).not.toContain(again.id);
    expect(again.parents).toEqual([first]);
    expect(ids.map((id) => engine.restoreState(id).get(['n']))).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('V2: pause and resume', () => {
  test('V2: 400 times stored, resumed, read in part and written, nothing is lost', () => {
    const model: { log: number[]; notes: Plain; first: unknown } = { log: [], notes: {}, first: STATE_S };
    let pack = packTree(treeOf(model));
    for (let round = 0; round < 400; round += 1) {
      const write = (state: typeof model) => {
        state.log.push(round);
        state.notes[`note-${round % 60}`] = { round, text: `written in round ${round}` };
        if (round % 7 === 0) delete state.notes[`note-${(round * 3) % 60}`];
      };
      const draft = draftOf<typeof model>(unpackTree(pack));
      write(draft.state);
      write(model);
      pack = packTree(draft.finish().tree);
    }
    const resumed = unpackTree(pack);
    expect(resumed.value()).toEqual(model);
    expect(resumed.root()).toBe(treeOf(model).root());
  });
});

describe('V14: an address key', () => {
  const addressKey = new Uint8Array(32).fill(4);

  test('V14: what was kept without it is refused where one is set, also if it says otherwise', () => {
    const plain = packTree(treeOf(STATE_S));
    expect(codeOf(() => unpackTree(plain, { addressKey }))).toBe('not-configured');
    expect(codeOf(() => unpackTree(plain.with(1, 1), { addressKey }))).toBe('corrupt');
    const keyed = packTree(treeOf(STATE_S, { addressKey }));
    expect(codeOf(() => unpackTree(keyed))).toBe('not-configured');
    expect(codeOf(() => unpackTree(keyed.with(1, 0)))).toBe('corrupt');
  });
});

describe('V14: reading makes data and nothing else', () => {
  test('V14: keys that mean something to others are keys; no prototype is touched, no code runs', () => {
    const hostile = objectOf([
      ['__proto__', { isAdmin: true }],
      ['constructor', { prototype: { isAdmin: true } }],
      ['toJSON', 'text'],
      ['then', { $type: 'constructor', id: ['child_process', 'exec'], lc: 1 }],
      ['valueOf', null],
    ]);
    const read = unpackTree(packTree(treeOf(hostile))).value() as Plain;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect(Object.keys(read).sort()).toEqual(['__proto__', 'constructor', 'then', 'toJSON', 'valueOf']);
    const draft = draftOf<Plain>(treeOf({}));
    put(draft.state, '__proto__', { isAdmin: true });
    Object.assign(draft.state, { constructor: 1 });
    expect((draft.state as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    expect(Object.getPrototypeOf(draft.state)).toBe(Object.prototype);
    expect(Object.keys(draft.finish().tree.value() as Plain)).toEqual(['__proto__', 'constructor']);
  });
});

describe('G8: history leaves no trace', () => {
  test('G8: 1,000 keys and 300 items, put in and taken out in any order, have one root', () => {
    const entries = Array.from({ length: 1_000 }, (_, at) => [`key ${at}`, { at }] as const);
    const roots = [1, 2, 3].map((seed) => {
      let tree = treeOf({ map: {}, list: Array.from({ length: 300 }, (_, at) => at) });
      tree = edited(tree, (state) => {
        for (const [key, value] of shuffled(entries, seed)) (state.map as Plain)[key] = value;
      });
      for (const [key] of shuffled(entries, seed + 10).filter(([, { at }]) => at % 2 === 0)) {
        tree = tree.apply([{ kind: 'delete', path: ['map', key] }]);
      }
      return edited(tree, (state) => {
        const list = state.list as number[];
        for (const at of shuffled(list.slice(), seed)) if (at % 3 !== 0) list.splice(list.indexOf(at), 1);
      }).root();
    });
    const left = { map: objectOf(entries.filter(([, { at }]) => at % 2 === 1)), list: Array.from({ length: 100 }, (_, at) => at * 3) };
    expect(new Set([...roots, treeOf(left).root()]).size).toBe(1);
  });
});

/** The long form, 100,000 commits, is part of `npm run soak -- --state`. */
describe('V12: what is written is linear in the commits', { timeout: 120_000 }, () => {
  /** Nodes that were not written before, as a store would write them. */
  function writer() {
    const written = new Set<string>();
    let bytes = 0;
    return (tree: Tree): number => {
      sinkTree(tree.item, tree.space, {
        has: (link) => written.has(toHex(linkHash(link))),
        take: (link, node) => {
          const name = toHex(linkHash(link));
          if (!written.has(name)) bytes += node.length;
          written.add(name);
        },
      });
      return bytes;
    };
  }

  /** Bytes of each stretch of commits. */
  function stretches(commits: number, start: unknown, work: (state: Plain, commit: number) => void): number[] {
    const write = writer();
    let tree = treeOf(start);
    const sums = [write(tree)];
    for (let commit = 0; commit < commits; commit += 1) {
      tree = edited(tree, (state) => work(state, commit));
      const bytes = write(tree);
      if ((commit + 1) % (commits / 5) === 0) sums.push(bytes);
    }
    return sums.slice(1).map((sum, at) => sum - (sums[at] as number));
  }

  test('V12: a state of one size costs the same however many commits there were', () => {
    const costs = stretches(2_000, STATE_S, (state, commit) => {
      const { memory } = state as { memory: unknown[] };
      memory.push({ text: `memory item number ${commit % 10} of ${10_000 + commit}`, score: 0.5 });
      memory.shift();
      state.step = 1_000 + commit;
    });
    expect(Math.max(...costs) / Math.min(...costs)).toBeLessThan(1.1);
  });

  test('V12: a list and a map that only grow cost no more than their depth', () => {
    const costs = stretches(2_500, { log: [], map: {} }, (state, commit) => {
      (state.log as unknown[]).push({ commit, text: `what happened in ${commit}` });
      (state.map as Plain)[`key ${commit}`] = commit;
    });
    // Between the second stretch and the last the state grows to more than twice its length, the tree by a level at most.
    expect((costs.at(-1) as number) / (costs[1] as number)).toBeLessThan(1.5);
    expect((costs.at(-1) as number) / 500).toBeLessThan(5_000);
  });
});
