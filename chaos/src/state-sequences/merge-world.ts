/**
 * A main branch and others that begin at it, work on their own and are merged with it again and again, in either direction. The model knows
 * of each branch which deeds are in it: numbers added to a counter, keys set and keys taken away, each key once. So whatever way a deed
 * came, it counts exactly once (V8).
 *
 * - W6 A merge holds every deed of both sides, once, and no conflict comes of deeds that do not contradict each other.
 * - W7 A plan changes nothing; neither do merges that are refused.
 * - W8 Merging again changes nothing; what a side has already comes over as it is.
 * - W12 Letting go of old states takes nothing from a head, nor from what branches are compared with when they are merged.
 * - W11 Of writers that saw the same head one moves it (V4).
 */
import { type AgentId, agentId } from '@skep/kernel';
import type { SeededRandom } from '@skep/simulated';
import type { MergeRule, Tree } from '@skep/state';
import { isSame, type PlainMap } from './plain.js';
import type { StateRoom } from './state-room.js';

const MAIN = 'main';
const BRANCHES_MAX = 4;
/** Enough for tries of two levels. */
const KEYS_AT_FIRST_MAX = 80;
const RULES: readonly MergeRule[] = [{ path: ['count'], resolve: 'counter' }];

/** A deed is known by its number. */
interface Deed {
  readonly adds: number;
  readonly sets?: string;
  readonly deletes?: string;
}

export class MergeWorld {
  checks = 0;
  private readonly agent: AgentId = agentId({ tenant: 'default', kind: 'model', name: 'merged' });
  private readonly engine: InstanceType<StateRoom['StateEngine']>;
  private readonly deeds: Deed[] = [];
  private readonly known = new Map<string, ReadonlySet<number>>();

  constructor(
    private readonly room: StateRoom,
    private readonly random: SeededRandom,
  ) {
    this.engine = new room.StateEngine();
    const keys = random.chance(0.2) ? random.below(KEYS_AT_FIRST_MAX) : 0;
    for (let at = 0; at < keys; at += 1) this.deeds.push({ adds: 0, sets: `k${at}` });
    this.known.set(MAIN, new Set(this.deeds.keys()));
    this.engine.createCheckpoint(this.agent, room.treeOf(this.modelOf(MAIN)));
  }

  step(): string {
    const name = [...this.known.keys()][this.random.below(this.known.size)] as string;
    const choice = this.random.below(10);
    if (choice < 5) return `${name}: ${this.work(name)}`;
    if (choice < 6) return this.fork();
    if (choice < 7) return this.random.chance(0.5) ? this.race(name) : this.release();
    const other = [...this.known.keys()][this.random.below(this.known.size)] as string;
    return name === other ? 'nothing to merge' : this.merge(other, name);
  }

  end(): void {
    for (const name of this.known.keys()) if (name !== MAIN) this.merge(name, MAIN);
    for (const name of this.known.keys()) this.check(name);
  }

  private work(name: string): string {
    const present = Object.keys(expected(this.deeds, this.known.get(name) as ReadonlySet<number>).keys);
    const gone = this.random.chance(0.4) ? this.random.pick(present) : undefined;
    const deed: Deed = { adds: this.random.below(9), ...(gone === undefined ? { sets: `k${this.deeds.length}` } : { deletes: gone }) };
    const draft = this.room.draftOf<{ count: number; keys: PlainMap }>(this.treeOf(name));
    draft.state.count += deed.adds;
    if (deed.sets !== undefined) draft.state.keys[deed.sets] = { by: this.deeds.length };
    if (deed.deletes !== undefined) delete draft.state.keys[deed.deletes];
    this.engine.createCheckpoint(this.agent, draft.finish().tree, name);
    this.known.set(name, new Set([...(this.known.get(name) as ReadonlySet<number>), this.deeds.length]));
    this.deeds.push(deed);
    this.check(name);
    return `adds ${deed.adds}, ${deed.sets === undefined ? `deletes ${deed.deletes}` : `sets ${deed.sets}`}`;
  }

  /** Two that both saw the same head write; one of them gets through, and the other one is told. */
  private race(name: string): string {
    const graph = this.engine.versions(this.agent);
    const from = this.engine.head({ agent: this.agent, name });
    const moves = [0, 1].map((writer) => {
      const draft = this.room.draftOf<{ keys: PlainMap }>(from.tree);
      draft.state.keys[`k${this.deeds.length + writer}`] = { by: this.deeds.length + writer };
      const branch = `race-${this.deeds.length + writer}`;
      this.engine.branchState(from, branch);
      return graph.moveHead(name, { from, to: this.engine.createCheckpoint(this.agent, draft.finish().tree, branch) }).kind;
    });
    this.same(moves, ['moved', 'conflict'], 'outcome of a race');
    this.known.set(name, new Set([...(this.known.get(name) as ReadonlySet<number>), this.deeds.length]));
    this.deeds.push({ adds: 0, sets: `k${this.deeds.length}` }, { adds: 0, sets: `k${this.deeds.length + 1}` });
    this.check(name);
    return 'two write at once';
  }

  /** Old states are let go; heads stay, and so does what branches are compared with when they are merged. */
  private release(): string {
    const released = this.engine.versions(this.agent).release(this.random.below(3));
    for (const name of this.known.keys()) this.check(name);
    return `lets go of ${released} states`;
  }

  private fork(): string {
    if (this.known.size === BRANCHES_MAX) return 'branches enough';
    const name = `b${this.known.size}`;
    this.engine.branchState(this.engine.head({ agent: this.agent, name: MAIN }).id, name);
    this.known.set(name, this.known.get(MAIN) as ReadonlySet<number>);
    return `${name} begins`;
  }

  private merge(from: string, to: string): string {
    const [source, target] = [from, to].map((name) => ({ agent: this.agent, name })) as [
      { agent: AgentId; name: string },
      { agent: AgentId; name: string },
    ];
    const before = this.treeOf(to);
    const plan = this.engine.planMerge(source, target, { rules: RULES });
    this.same(this.treeOf(to) === before, true, 'head after a plan');
    const result = this.engine.mergeStates(source, target, { rules: RULES });
    this.same(result.kind, plan.kind, 'merge than planned');
    if (result.kind === 'conflicts') throw new Error(`a conflict at ${result.conflicts[0]?.path.join('.')} where there can be none`);
    this.known.set(to, new Set([...(this.known.get(to) as ReadonlySet<number>), ...(this.known.get(from) as ReadonlySet<number>)]));
    this.check(to);
    this.check(from);
    this.same(this.engine.mergeStates(source, target, { rules: RULES }).kind, 'unchanged', 'merge the second time');
    return `${from} into ${to}: ${result.kind}`;
  }

  private treeOf(name: string): Tree {
    return this.engine.head({ agent: this.agent, name }).tree;
  }

  private check(name: string): void {
    const tree = this.treeOf(name);
    const model = this.modelOf(name);
    this.same(tree.value(), model, `state of ${name}`);
    this.same(tree.root(), this.room.treeOf(model).root(), `root of ${name}`);
  }

  private modelOf(name: string): PlainMap {
    return { ...expected(this.deeds, this.known.get(name) as ReadonlySet<number>), items: [1, 2, 3] };
  }

  private same(found: unknown, expectedValue: unknown, what: string): void {
    this.checks += 1;
    if (!isSame(found, expectedValue)) throw new Error(`another ${what} than expected`);
  }
}

function expected(deeds: readonly Deed[], known: ReadonlySet<number>): { readonly count: number; readonly keys: PlainMap } {
  let count = 0;
  const keys: PlainMap = {};
  const gone = new Set<string>();
  for (const number of known) {
    const { adds, deletes } = deeds[number] as Deed;
    count += adds;
    if (deletes !== undefined) gone.add(deletes);
  }
  for (const number of known) {
    const { sets } = deeds[number] as Deed;
    if (sets !== undefined && !gone.has(sets)) keys[sets] = { by: number };
  }
  return { count, keys };
}
