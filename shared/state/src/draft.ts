/**
 * Drafts: a state as a plain mutable object for as long as a handler runs. Nothing is copied before it is touched; what was touched is put
 * back into a tree at the end, and the changes are told field by field.
 *
 * - R1 The tree that a draft was made of never changes.
 * - R2 What is assigned is copied, other parts of the draft, too; what the format refuses throws at the assignment and changes nothing.
 * - R3 After `finish` or `discard` every use of the draft throws `closed`.
 */
import type { Change } from '@skep/kernel';
import { itemOf } from './build.js';
import { diffItems } from './diff.js';
import { DraftScope, openSlot, type Slot, settled } from './draft-scope.js';
import { Tree } from './tree.js';

export interface DraftResult {
  readonly tree: Tree;
  /** From the tree that the draft was made of to this one; empty if nothing changed, and then the tree is that very tree. */
  readonly changes: readonly Change[];
}

/** @typeParam State what the handler takes the state for; nothing checks it here */
export function draftOf<State = unknown>(tree: Tree): Draft<State> {
  return new Draft<State>(tree);
}

export class Draft<State = unknown> {
  private readonly scope: DraftScope;
  private slot: Slot;

  /** Use `draftOf`. */
  constructor(private readonly tree: Tree) {
    this.scope = new DraftScope(tree.space);
    this.slot = tree.item;
  }

  /** The state, to be read and changed at will. Assigning to it replaces the whole. */
  get state(): State {
    this.scope.checkOpen();
    const opened = openSlot(this.slot, this.scope, undefined, 0);
    if (opened.part !== undefined) this.slot = opened.part;
    return opened.value as State;
  }

  set state(value: State) {
    this.scope.checkOpen();
    this.slot = itemOf(value, [], this.tree.space);
  }

  /** The tree as it stands now; the draft goes on. @throws SkepError `closed` if it has ended */
  peek(): Tree {
    this.scope.checkOpen();
    const item = settled(this.slot);
    return item === this.tree.item ? this.tree : new Tree(item, this.tree.space);
  }

  /** Ends the draft. @throws SkepError `closed` if it has ended */
  finish(): DraftResult {
    this.scope.checkOpen();
    const item = settled(this.slot);
    this.scope.close();
    if (item === this.tree.item) return { tree: this.tree, changes: NO_CHANGES };
    const changes = diffItems(this.tree.item, item);
    return changes.length === 0 ? { tree: this.tree, changes } : { tree: new Tree(item, this.tree.space), changes };
  }

  /** Ends the draft; what was done in it is forgotten. */
  discard(): void {
    this.scope.close();
  }
}

const NO_CHANGES: readonly Change[] = [];
