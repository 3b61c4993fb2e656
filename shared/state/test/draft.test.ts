import { inspect } from 'node:util';
import { type Change, encode, normalize } from '@skep/kernel';
import { draftOf, type Tree, treeOf } from '@skep/state';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloned, codeOf, keys, objects, type Plain, put, STATE_S, scalars, values } from './arbitrary.js';

interface Step {
  readonly picks: readonly number[];
  readonly action: number;
  readonly key: string;
  readonly value: unknown;
  readonly count: number;
}

const steps: fc.Arbitrary<Step> = fc.record({
  picks: fc.array(fc.nat(1_000), { maxLength: 4 }),
  action: fc.nat(12),
  key: keys,
  value: fc.oneof(scalars, values),
  count: fc.nat(40),
});

const isHolder = (value: unknown): value is Plain | unknown[] =>
  typeof value === 'object' && value !== null && !(value instanceof Date) && !(value instanceof Uint8Array);

function descend(root: unknown, picks: readonly number[]): unknown {
  let here = root;
  for (const pick of picks) {
    if (!isHolder(here)) break;
    const names = Object.keys(here).toSorted();
    const next = (here as Plain)[names[pick % Math.max(names.length, 1)] ?? ''];
    if (!isHolder(next)) break;
    here = next;
  }
  return here;
}

/** Does the same to a draft as to a plain object: neither is told which it is. */
function act(root: unknown, { picks, action, key, value, count }: Step, { set, copy }: Way): void {
  const holder = descend(root, picks);
  if (Array.isArray(holder)) {
    const at = count % (holder.length + 1);
    const given = cloned(value);
    if (action === 0) holder.push(given, 1);
    else if (action === 1) holder.pop();
    else if (action === 2) holder.shift();
    else if (action === 3) holder.unshift(given);
    else if (action === 4) holder.splice(at, count % 4, given, at);
    else if (action === 5) holder.splice(-1 - (count % 5), 2);
    else if (action === 6) holder.reverse();
    else if (action === 7) holder.sort((one, other) => Buffer.compare(encode(one), encode(other)));
    else if (action === 8) holder.length = Math.min(holder.length, count);
    else if (action === 9 && holder.length > 1) holder[0] = copy(holder[holder.length - 1]);
    else if (action === 10 && holder.length > 0) holder.fill(given, 0, 1);
    else holder[at] = given;
  } else if (isHolder(holder) && !Array.isArray(holder)) {
    const names = Object.keys(holder).toSorted();
    const name = names[count % Math.max(names.length, 1)];
    if (action === 0 && name !== undefined) delete holder[name];
    else if (action === 1 && name !== undefined) set(holder, key, holder[name]);
    else if (action === 2) for (let at = 0; at < count; at += 1) set(holder, `n${at}`, at);
    else if (action === 3) for (const each of names.slice(0, count)) delete holder[each];
    else set(holder, name !== undefined && count % 2 === 0 ? name : key, cloned(value));
  }
}

interface Way {
  readonly set: (holder: Plain, key: string, value: unknown) => void;
  readonly copy: (value: unknown) => unknown;
}

const assign: Way = { set: (holder, key, value) => void Reflect.set(holder, key, value), copy: (value) => value };
/** What a draft does by itself must be said for a plain object: an assignment copies. */
const assignCopy: Way = { set: (holder, key, value) => put(holder, key, cloned(value)), copy: cloned };

describe('V2: drafts feel like plain objects', () => {
  test('V2, G8: whatever is done to a draft is what it does to a plain object', () => {
    fc.assert(
      fc.property(objects, fc.array(steps, { maxLength: 15, size: 'max' }), (start, list) => {
        const tree = treeOf(start);
        const before = tree.root();
        const model = cloned(start);
        const draft = draftOf(tree);
        for (const step of list) {
          act(draft.state, step, assign);
          act(model, step, assignCopy);
        }
        const { tree: next, changes } = draft.finish();
        expect(next.value()).toEqual(treeOf(model).value());
        expect(next.root()).toBe(treeOf(model).root());
        expect(tree.apply(changes).root()).toBe(next.root());
        expect(tree.root()).toBe(before);
        expect(tree.value()).toEqual(treeOf(start).value());
        expectOld(tree, changes);
      }),
      { numRuns: 500 },
    );
  });

  test('V2: every way of looking at a draft sees what a plain object would show', () => {
    fc.assert(
      fc.property(objects, fc.array(steps, { maxLength: 4 }), (start, list) => {
        const made = cloned(start);
        const state = draftOf(treeOf(start)).state as Plain;
        for (const step of list) {
          act(state, step, assign);
          act(made, step, assignCopy);
        }
        const model = normalize(made) as Plain;
        expect(JSON.parse(JSON.stringify(state))).toEqual(JSON.parse(JSON.stringify(model)));
        expect({ ...state }).toEqual({ ...model });
        expect(Object.keys(state).toSorted()).toEqual(Object.keys(model).toSorted());
        expect(state).toEqual(model);
      }),
      { numRuns: 200 },
    );
  });

  test('V2: lists are arrays with all their methods', () => {
    const draft = draftOf(treeOf({ list: [3, 1, 2], objects: [{ n: 1 }, { n: 2 }] }));
    const { list, objects: members } = draft.state as { list: number[]; objects: { n: number }[] };
    expect(Array.isArray(list)).toBe(true);
    expect(Array.isArray(list)).toBe(true);
    expect([...list]).toEqual([3, 1, 2]);
    expect([list.includes(1), list.indexOf(2), list.at(-1), list.join('-'), list.length]).toEqual([true, 2, 2, '3-1-2', 3]);
    expect(list.map((n) => n * 2)).toEqual([6, 2, 4]);
    expect(list.concat([9])).toEqual([3, 1, 2, 9]);
    expect(list.slice(1)).toEqual([1, 2]);
    expect([...list.entries()].length + list.filter((n) => n > 1).length + list.reduce((sum, n) => sum + n, 0)).toBe(11);
    expect([1 in list, 3 in list, 'length' in list, Object.keys(list)]).toEqual([true, false, true, ['0', '1', '2']]);
    expect(list.splice(1, 1, 7, 8)).toEqual([1]);
    expect(list.toSorted()).toEqual([2, 3, 7, 8]);
    expect(list.sort()).toBe(list);
    list.copyWithin(0, 2, 3);
    expect(list).toEqual([7, 3, 7, 8]);
    const found = members.find((member) => member.n === 2);
    if (found !== undefined) found.n = 5;
    expect(members.indexOf(members[1] as { n: number })).toBe(1);
    for (const member of members) member.n += 1;
    expect(draft.finish().tree.value()).toEqual({ list: [7, 3, 7, 8], objects: [{ n: 2 }, { n: 6 }] });
  });

  test('V2: a part keeps its place in the draft when the list around it moves', () => {
    const draft = draftOf(treeOf({ list: [{ n: 1 }, { n: 2 }, { n: 3 }] }));
    const { list } = draft.state as { list: { n: number }[] };
    const second = list[1] as { n: number };
    list.shift();
    second.n = 20;
    list.reverse();
    second.n += 1;
    const gone = list.pop() as { n: number };
    gone.n = 99;
    expect(gone).toBe(second);
    list.push(gone);
    gone.n = 100;
    expect(draft.finish().tree.value()).toEqual({ list: [{ n: 3 }, { n: 99 }] });
  });

  test('V2: what is assigned is a copy, parts of the draft as well', () => {
    const draft = draftOf(treeOf({ a: { n: 1 }, b: null as unknown }));
    const state = draft.state as { a: { n: number }; b: { n: number; m?: number[] } };
    const given = { n: 2, m: [1] };
    state.b = given;
    given.m.push(2);
    state.b = state.a;
    state.a.n = 3;
    expect(state.b).toEqual({ n: 1 });
    const { tree } = draft.finish();
    expect(tree.value()).toEqual({ a: { n: 3 }, b: { n: 1 } });
  });

  test('V2: dates and bytes are copies', () => {
    const draft = draftOf(treeOf({ at: new Date(1), bytes: Uint8Array.of(1) }));
    const state = draft.state as { at: Date; bytes: Uint8Array };
    state.at.setTime(9);
    state.bytes[0] = 9;
    expect(draft.finish().changes).toEqual([]);
  });

  test('V2: objects behave: prototype, in, hasOwn, delete, undefined, assign', () => {
    const draft = draftOf(treeOf({ a: 1, b: 2 }));
    const state = draft.state as Plain;
    expect(Object.getPrototypeOf(state)).toBe(Object.prototype);
    expect(['a' in state, 'x' in state, 'toString' in state, Object.hasOwn(state, 'toString')]).toEqual([true, false, true, false]);
    expect(String(state)).toBe('[object Object]');
    state.b = undefined;
    expect('b' in state).toBe(false);
    expect(delete state.nothing).toBe(true);
    Object.assign(state, { c: 3, d: { e: 4 } });
    Object.defineProperty(state, 'f', { value: 5, writable: true, enumerable: true, configurable: true });
    expect(Object.getOwnPropertyDescriptor(state, 'f')?.value).toBe(5);
    expect(draft.finish().tree.value()).toEqual({ a: 1, c: 3, d: { e: 4 }, f: 5 });
  });

  test('V2: objects that grow to hundreds of members in a draft, and shrink again', () => {
    const draft = draftOf(treeOf({ a: 1, gone: 2 }));
    const state = draft.state as Plain;
    delete state.gone;
    for (let at = 0; at < 300; at += 1) state[`k${at}`] = { at };
    (state.k7 as { at: number }).at = -7;
    delete state.k8;
    expect(Object.keys(state)).toHaveLength(300);
    expect([state.gone, state.k8, 'k9' in state, (state.k10 as { at: number }).at]).toEqual([undefined, undefined, true, 10]);
    for (let at = 20; at < 300; at += 1) delete state[`k${at}`];
    state.gone = null;
    const { tree, changes } = draft.finish();
    expect(Object.keys(tree.value() as Plain)).toHaveLength(21);
    expect(tree.root()).toBe(treeOf(tree.value()).root());
    expect(changes.at(0)).toEqual({ kind: 'update', path: ['gone'], old: 2, new: null });
  });

  test('V2: the console shows what a draft holds', () => {
    const draft = draftOf(treeOf({ a: [1, { b: 2 }] }));
    const state = draft.state as { a: unknown[] };
    state.a.push('new');
    expect(inspect(state, { depth: 5 })).toBe("{ a: [ 1, { b: 2 }, 'new' ] }");
    expect(inspect(state.a, { depth: 5 })).toBe("[ 1, { b: 2 }, 'new' ]");
    draft.discard();
    expect(inspect(state)).toBe('[part of a draft that has ended]');
  });

  test('V2: large lists and maps: what is touched is seen, the rest stays shared', () => {
    const start = {
      list: Array.from({ length: 3_000 }, (_, at) => ({ at })),
      map: Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`k${at}`, { at }])),
    };
    const model = structuredClone(start);
    const draft = draftOf(treeOf(start));
    for (const state of [draft.state as typeof start, model]) {
      (state.list[1_500] as { at: number }).at = -1;
      state.list.push({ at: 3_000 }, { at: 3_001 });
      (state.list[3_001] as { at: number }).at = -2;
      state.list[5] = { at: -3 };
      delete state.map.k3;
      (state.map.k4 as { at: number }).at = -4;
      state.map.new = { at: 1 };
    }
    const { tree, changes } = draft.finish();
    expect(tree.root()).toBe(treeOf(model).root());
    expect(changes.map(({ kind, path }) => `${kind} ${path.join('.')}`)).toEqual([
      'update list.5.at',
      'update list.1500.at',
      'create list.3000',
      'create list.3001',
      'delete map.k3',
      'update map.k4.at',
      'create map.new',
    ]);
  });
});

describe('P2: a draft tells what changed, field by field', () => {
  const changesOf = (start: unknown, work: (state: typeof STATE_S & Plain) => void): readonly Change[] => {
    const draft = draftOf(treeOf(start));
    work(draft.state as typeof STATE_S & Plain);
    return draft.finish().changes;
  };

  test('P2: one field, with old and new', () => {
    expect(changesOf(STATE_S, (state) => (state.step += 1))).toEqual([{ kind: 'update', path: ['step'], old: 12, new: 13 }]);
    const deep = changesOf(STATE_S, (state) => ((state.memory[3] as { score: number }).score = 1));
    expect(deep).toEqual([{ kind: 'update', path: ['memory', 3, 'score'], old: 3 / 7, new: 1 }]);
  });

  test('P2: setting a field to an equal value is no change, several sets are one', () => {
    expect(changesOf(STATE_S, (state) => (state.tools = { a: 1, b: 2, c: 3, d: 4, e: 5 }))).toEqual([]);
    const changes = changesOf(STATE_S, (state) => {
      for (let at = 0; at < 5; at += 1) state.step = at;
    });
    expect(changes).toEqual([{ kind: 'update', path: ['step'], old: 12, new: 4 }]);
    expect(changesOf(STATE_S, (state) => Object.assign(state, { step: 5 }, { step: 12 }))).toEqual([]);
  });

  test('P2: what was created and then edited is one creation; what was created and deleted is nothing', () => {
    const changes = changesOf(STATE_S, (state) => {
      state.plan = { steps: [] };
      (state.plan as { steps: number[] }).steps.push(1);
      state.gone = 1;
      delete state.gone;
    });
    expect(changes).toEqual([{ kind: 'create', path: ['plan'], new: { steps: [1] } }]);
  });

  test('P2: items that move are told as few insertions and removals', () => {
    const summary = (work: (state: typeof STATE_S & Plain) => void) => changesOf(STATE_S, work).map(({ kind, path }) => `${kind} ${path.join('.')}`);
    expect(summary((state) => state.memory.shift())).toEqual(['delete memory.0']);
    expect(summary((state) => state.memory.splice(10, 2))).toEqual(['delete memory.10', 'delete memory.10']);
    expect(summary((state) => state.memory.unshift({ text: 'new', score: 0 }))).toEqual(['create memory.0']);
    const window = summary((state) => {
      state.memory.push({ text: 'new', score: 0 });
      state.memory.shift();
      (state.memory[20] as { score: number }).score = -1;
    });
    expect(window).toEqual(['delete memory.0', 'update memory.20.score', 'create memory.49']);
  });

  test('P2: nothing changed gives the same tree back', () => {
    const tree = treeOf(STATE_S);
    const draft = draftOf(tree);
    void JSON.stringify(draft.state);
    (draft.state as typeof STATE_S).step = 12;
    expect(draft.finish()).toEqual({ tree, changes: [] });
  });

  test('P2: top-level lists and scalars', () => {
    const list = draftOf(treeOf([1, 2]));
    (list.state as number[]).push(3);
    expect(list.finish().changes).toEqual([{ kind: 'create', path: [2], new: 3 }]);
    const scalar = draftOf(treeOf(5));
    expect(scalar.state).toBe(5);
    scalar.state = { now: 'an object' };
    expect(scalar.finish().changes).toEqual([{ kind: 'update', path: [], old: 5, new: { now: 'an object' } }]);
  });
});

describe('G13: drafts refuse clearly and change nothing', () => {
  test('G13: what cannot be kept is refused at the assignment, and the place named', () => {
    const tree = treeOf(STATE_S);
    const draft = draftOf(tree);
    const state = draft.state as typeof STATE_S & Plain;
    const item = state.memory[3] as { score: unknown };
    const refusals: readonly (readonly [() => unknown, string])[] = [
      [() => (item.score = Number.NaN), 'NaN cannot be kept, at .memory[3].score'],
      [() => (item.score = { deep: [undefined] }), 'undefined cannot be kept, at .memory[3].score.deep[0]'],
      [() => (state.run = () => 1), 'a function cannot be kept, at .run'],
      [() => state.memory.push({ text: 'fine', score: 0 }, new Map() as never), 'an instance of Map cannot be kept, at .memory[51]'],
      [() => state.memory.splice(1, 2, undefined as never), 'undefined cannot be kept, at .memory[1]'],
      [() => state.memory.unshift(Symbol('x') as never), 'a symbol cannot be kept, at .memory[0]'],
      [() => (state.memory[60] = { text: '', score: 0 }), 'a hole in a list cannot be kept, at .memory'],
      [() => delete state.memory[1], 'a hole in a list cannot be kept, at .memory'],
      [() => (state.memory.length = 60), 'a hole in a list cannot be kept, at .memory'],
      [() => Object.assign(state.memory, { name: 1 }), 'cannot be kept, at .memory'],
      [() => Object.assign(state, { [Symbol('s')]: 1 }), 'a symbol cannot be a key'],
      [() => Object.defineProperty(state, 'g', { get: () => 1 }), 'a getter or setter cannot be kept'],
      [() => (state['\ud800'] = 1), 'a key with a lone surrogate cannot be kept'],
    ];
    for (const [work, message] of refusals) {
      expect(work).toThrow(message);
      expect(codeOf(work)).toBe('invalid-value');
    }
    expect(() => Object.freeze(state)).toThrow(TypeError);
    expect(draft.finish()).toEqual({ tree, changes: [] });
  });

  test('G13: nesting beyond the limit is refused, also by copying a part into itself', () => {
    const draft = draftOf(treeOf({ a: {} as Plain }));
    const state = draft.state as { a: Plain };
    expect(() => {
      for (let at = 0; at < 200; at += 1) state.a.x = state.a;
    }).toThrow('nesting deeper than 128');
    expect(() => draft.finish().tree.value()).not.toThrow();
  });

  test('G13: after its end a draft cannot be used', () => {
    for (const end of ['finish', 'discard'] as const) {
      const draft = draftOf(treeOf(STATE_S));
      const state = draft.state as typeof STATE_S & Plain;
      const { memory } = state;
      draft[end]();
      const uses = [
        () => state.step,
        () => (state.step = 1),
        () => memory.length,
        () => memory[0],
        () => memory.push(),
        () => Object.keys(state),
        () => 'a' in memory,
        () => JSON.stringify(memory),
        () => draft.state,
        () => draft.finish(),
        () => treeOf({ memory }),
      ];
      for (const use of uses) expect(codeOf(use)).toBe('closed');
    }
  });
});

/** Each change tells what was there when it is applied in its turn. */
function expectOld(start: Tree, changes: readonly Change[]): void {
  let tree = start;
  for (const change of changes) {
    if (change.kind === 'create') {
      const holder = change.path.slice(0, -1);
      if (!Array.isArray(tree.get(holder))) expect(tree.has(change.path)).toBe(false);
    } else expect(tree.get(change.path)).toEqual(change.old);
    tree = tree.apply([change]);
  }
}
