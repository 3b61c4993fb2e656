/**
 * One agent whose states grow under drafts of several branches at once, beside a dumb model that copies everything. After each step of a
 * branch, and at the end for every version there ever was:
 *
 * - W1 the version holds what the model holds, and its length is that of the canonical encoding (V1);
 * - W2 its root is that of a tree freshly made of the same content (G8);
 * - W3 what one version differs by, applied to the other, makes it (V7, D1);
 * - W4 no version and no other branch changes by it (V1, V2, E1, R1);
 * - W5 packed and read again it is the same (V2).
 */
import { type AgentId, agentId, encode } from '@skep/kernel';
import type { Checkpoint, Draft, Tree } from '@skep/state';
import { act } from './act.js';
import type { Content } from './content.js';
import { editOf } from './edit-of.js';
import { copyOf, type Holder, isSame, type PlainMap, spoil } from './plain.js';
import type { StateRoom } from './state-room.js';
import { descend, type Twin } from './twin.js';

const BRANCHES_MAX = 4;
const HANDLES_MAX = 4;
/** How often an older version is compared with its model after a branch made a new one; all are at the end. */
const LOOK_BACK = 0.3;
/** How often a new version is sealed at once: what is edited next should be sealed sometimes and sometimes not. */
const SEALED = 0.4;

interface Version {
  readonly checkpoint: Checkpoint;
  readonly model: PlainMap;
  /** Whether its root was compared with that of the same content. */
  isSealed: boolean;
}

interface Branch {
  readonly name: string;
  version: Version;
  open: { readonly draft: Draft<PlainMap>; readonly model: { state: PlainMap }; readonly handles: Twin<Holder>[] } | undefined;
}

export class TreeWorld {
  checks = 0;
  private readonly agent: AgentId = agentId({ tenant: 'default', kind: 'model', name: 'one' });
  private readonly engine: InstanceType<StateRoom['StateEngine']>;
  private readonly versions: Version[] = [];
  private readonly branches: Branch[] = [];

  constructor(
    private readonly room: StateRoom,
    private readonly content: Content,
    private readonly options: { readonly addressKey?: Uint8Array },
  ) {
    this.engine = new room.StateEngine();
    const model = content.start();
    this.branches.push({ name: 'main', version: this.keep(this.room.treeOf(model, options), copyOf(model) as PlainMap, 'main'), open: undefined });
  }

  /** Does something and says what. @throws Error when a promise is broken */
  step(): string {
    const { random } = this.content;
    const branch = this.content.one(this.branches);
    const choice = random.below(100);
    if (choice < 66) return `${branch.name}: ${this.actIn(branch)}`;
    if (choice < 80) return `${branch.name}: ${this.finish(branch)}`;
    if (choice < 83) return `${branch.name}: ${this.discard(branch)}`;
    if (choice < 90) return `${branch.name}: ${this.edit(branch)}`;
    if (choice < 93) return this.fork(branch);
    if (choice < 96) return `${branch.name}: ${this.repack(branch)}`;
    return this.compare(this.content.one(this.versions), this.content.one(this.versions));
  }

  end(): void {
    for (const branch of this.branches) this.finish(branch);
    for (const version of this.versions) this.check(version);
    for (const branch of this.branches)
      this.same(this.engine.head({ agent: this.agent, name: branch.name }).tree.value(), branch.version.model, 'head');
    this.compare(this.content.one(this.versions), this.content.one(this.versions));
  }

  private actIn(branch: Branch): string {
    const { random } = this.content;
    branch.open ??= {
      draft: this.room.draftOf<PlainMap>(branch.version.checkpoint.tree),
      model: { state: copyOf(branch.version.model) as PlainMap },
      handles: [],
    };
    const { draft, model, handles } = branch.open;
    if (random.chance(0.02)) {
      const given = this.content.start();
      draft.state = given;
      model.state = copyOf(given) as PlainMap;
      spoil(given);
      return 'replaces all';
    }
    const known = random.chance(0.25) ? random.pick(handles) : undefined;
    const { twin, path } =
      known === undefined ? descend({ draft: draft.state, model: model.state }, this.content) : { twin: known, path: 'what was held' };
    if (handles.length < HANDLES_MAX && random.chance(0.3)) handles.push(twin);
    return `${path}: ${act(twin, this.content)}`;
  }

  private finish(branch: Branch): string {
    if (branch.open === undefined) return 'nothing to finish';
    const { random } = this.content;
    const { draft, model } = branch.open;
    branch.open = undefined;
    const before = branch.version;
    const { tree, changes } = draft.finish();
    const base = before.checkpoint.tree;
    this.same(tree.value(), model.state, 'state after a draft');
    if (changes.length === 0) this.same(tree, base, 'tree of a draft without changes');
    else if (random.chance(0.5)) this.same(base.apply(changes).root(), tree.root(), 'root after the changes of a draft');
    else this.same(base.apply(changes).value(), model.state, 'state after the changes of a draft');
    branch.version = this.keep(tree, model.state, branch.name);
    if (random.chance(SEALED)) this.check(branch.version);
    if (random.chance(LOOK_BACK)) {
      const old = this.content.one(this.versions);
      this.same(old.checkpoint.tree.value(), old.model, 'older version');
    }
    return `finish with ${changes.length} changes`;
  }

  private discard(branch: Branch): string {
    if (branch.open === undefined) return 'nothing to discard';
    branch.open.draft.discard();
    branch.open = undefined;
    this.same(branch.version.checkpoint.tree.value(), branch.version.model, 'state after a draft was discarded');
    return 'discard';
  }

  /** Edits of the tree itself, each at a place that is there. */
  private edit(branch: Branch): string {
    if (branch.open !== undefined) return 'a draft is open';
    const model = { state: copyOf(branch.version.model) as PlainMap };
    const edits = Array.from({ length: 1 + this.content.random.below(3) }, () => editOf(model.state, this.content));
    const tree = branch.version.checkpoint.tree.apply(edits);
    this.same(tree.value(), model.state, 'state after edits');
    branch.version = this.keep(tree, model.state, branch.name);
    return edits.map(({ kind, path }) => `${kind} ${path.join('.')}`).join(', ');
  }

  private fork(branch: Branch): string {
    const from = this.content.random.chance(0.5) ? branch.version : this.content.one(this.versions);
    if (this.branches.length === BRANCHES_MAX) return 'branches enough';
    const { name } = this.engine.branchState(from.checkpoint.id, `b${this.branches.length}`);
    this.branches.push({ name, version: from, open: undefined });
    return `${name} begins at ${from.checkpoint.id}`;
  }

  /** The same version, of which nothing was read yet. */
  private repack(branch: Branch): string {
    if (branch.open !== undefined) return 'a draft is open';
    const { checkpoint, model } = branch.version;
    const tree = this.room.unpackTree(this.room.packTree(checkpoint.tree), this.options);
    this.same(tree.root(), checkpoint.tree.root(), 'root after packing');
    if (this.content.random.chance(0.3)) this.same(tree.value(), model, 'state after packing');
    branch.version = this.keep(tree, model, branch.name);
    return 'packed and read again';
  }

  private compare(one: Version, other: Version): string {
    const changes = this.room.diff(one.checkpoint.tree, other.checkpoint.tree);
    const made = one.checkpoint.tree.apply(changes);
    this.same(made.root(), other.checkpoint.tree.root(), 'root after a difference was applied');
    this.same(made.value(), other.model, 'state after a difference was applied');
    this.same(changes.length === 0, isSame(one.model, other.model), 'emptiness of a difference');
    return `difference of ${one.checkpoint.id} and ${other.checkpoint.id}: ${changes.length} changes`;
  }

  private keep(tree: Tree, model: PlainMap, branch: string): Version {
    const version = { checkpoint: this.engine.createCheckpoint(this.agent, tree, branch), model, isSealed: false };
    if (this.content.random.chance(SEALED)) this.same(this.engine.restoreState(version.checkpoint.id).root(), tree.root(), 'root of a checkpoint');
    this.versions.push(version);
    return version;
  }

  private check(version: Version): void {
    const { tree } = version.checkpoint;
    this.same(tree.value(), version.model, 'state');
    spoil(tree.value());
    if (version.isSealed) return;
    version.isSealed = true;
    this.same(tree.root(), this.room.treeOf(version.model, this.options).root(), 'root of the same content');
    this.same(tree.byteLength, encode(version.model).length, 'length');
  }

  private same(found: unknown, expected: unknown, what: string): void {
    this.checks += 1;
    if (!isSame(found, expected)) throw new Error(`another ${what} than expected`);
  }
}
