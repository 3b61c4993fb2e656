/**
 * Three-way merge: what source changed since the common ancestor, applied to target. Where both changed the same field to different values
 * there is a conflict: told as data, and target's value stays. Costs what source changed; parts that only one side changed are taken whole.
 */
import { type Path, SkepError, type Value } from '@skep/kernel';
import { itemOf } from './build.js';
import { differingEntries } from './diff.js';
import { isEqual } from './equal.js';
import { mergeListItems } from './list-merge.js';
import { EMPTY_MAP, mapDelete, mapGet, mapSet } from './map.js';
import { type Item, isList, isMap, loadedItem, type MapItem } from './node.js';
import { plainOf } from './plain.js';
import type { Space } from './space.js';
import { Tree } from './tree.js';

/** Values are absent where there is nothing. */
export interface MergeConflict {
  readonly path: Path;
  readonly base?: Value;
  readonly source?: Value;
  readonly target?: Value;
}

/** What a rule decides: a value, that nothing is to be there, or undefined to leave the conflict to people. */
export type Resolution = { readonly kind: 'value'; readonly value: Value } | { readonly kind: 'absent' } | undefined;

export interface MergeRule {
  /** Where it holds; `*` stands for any one step. */
  readonly path: Path;
  /** `sum` adds both sides' changes of a number. */
  readonly resolve: 'source' | 'target' | 'sum' | ((conflict: MergeConflict) => Resolution);
}

export interface MergeInput {
  readonly base: Tree;
  readonly source: Tree;
  readonly target: Tree;
  /** The first that fits a conflict and decides it counts. */
  readonly rules?: readonly MergeRule[];
}

export interface MergeOutcome {
  readonly tree: Tree;
  readonly conflicts: readonly MergeConflict[];
}

/** Changes nothing but makes a tree, so it is its own dry run. @throws SkepError `invalid-input` for trees of different address keys */
export function mergeTrees({ base, source, target, rules = [] }: MergeInput): MergeOutcome {
  if (base.space !== source.space || base.space !== target.space) {
    throw new SkepError('invalid-input', { message: 'trees of different address keys cannot be merged' });
  }
  const merger = new Merger(base.space, rules);
  const item = merger.merge({ base: base.item, source: source.item, target: target.item }, []) ?? target.item;
  if (item === target.item) return { tree: target, conflicts: merger.conflicts };
  return { tree: item === source.item ? source : new Tree(item, base.space), conflicts: merger.conflicts };
}

export interface Sides {
  readonly base: Item | undefined;
  readonly source: Item | undefined;
  readonly target: Item | undefined;
}

export class Merger {
  readonly conflicts: MergeConflict[] = [];

  constructor(
    private readonly space: Space,
    private readonly rules: readonly MergeRule[],
  ) {}

  merge({ base, source, target }: Sides, path: Path): Item | undefined {
    if (isSame(source, base)) return target;
    if (isSame(target, base)) return source;
    if (isSame(source, target) && !this.sums(path)) return target;
    const sides = { base: loadedSide(base), source: loadedSide(source), target: loadedSide(target) };
    if (sides.source !== undefined && sides.target !== undefined) {
      const from = sides.base === undefined ? EMPTY_MAP : sides.base;
      if (isMap(sides.source) && isMap(sides.target) && isMap(from)) return this.mergeMaps(from, sides.source, sides.target, path);
      if (sides.base !== undefined && isList(sides.base) && isList(sides.source) && isList(sides.target)) {
        const known = this.conflicts.length;
        const merged = mergeListItems({ base: sides.base, source: sides.source, target: sides.target }, path, this);
        if (merged !== undefined) return merged;
        this.conflicts.length = known;
      }
    }
    return this.decide({ base, source, target }, path);
  }

  /** Whether a number is summed at or below this path: then both sides having made the same change are two changes. */
  sums(path: Path): boolean {
    return this.rules.some(({ path: pattern, resolve }) => resolve === 'sum' && fits(pattern.slice(0, path.length), path));
  }

  private mergeMaps(base: MapItem, source: MapItem, target: MapItem, path: Path): Item {
    let merged = target;
    for (const { key, from, to } of differingEntries(base, source)) {
      const present = mapGet(target, key, this.space);
      const item = this.merge({ base: from, source: to, target: present }, [...path, key]);
      if (item === present) continue;
      merged = item === undefined ? mapDelete(merged, key, this.space) : mapSet(merged, key, item, this.space);
    }
    return merged;
  }

  private decide(sides: Sides, path: Path): Item | undefined {
    const conflict = conflictOf(sides, path);
    const isAgreed = isSame(sides.source, sides.target);
    for (const rule of this.rules) {
      if (!fits(rule.path, path)) continue;
      if (isAgreed && rule.resolve !== 'sum') break;
      if (rule.resolve === 'source') return sides.source;
      if (rule.resolve === 'target') return sides.target;
      const resolution = rule.resolve === 'sum' ? sumOf(conflict) : rule.resolve(conflict);
      if (resolution?.kind === 'value') return itemOf(resolution.value, path, this.space);
      if (resolution?.kind === 'absent' && path.length > 0) return undefined;
    }
    if (!isAgreed) this.conflicts.push(conflict);
    return sides.target;
  }
}

function conflictOf({ base, source, target }: Sides, path: Path): MergeConflict {
  const side = (name: string, item: Item | undefined) => (item === undefined ? {} : { [name]: plainOf(item, path.length) });
  return { path, ...side('base', base), ...side('source', source), ...side('target', target) };
}

function sumOf({ base = 0, source, target }: MergeConflict): Resolution {
  if (typeof base !== 'number' || typeof source !== 'number' || typeof target !== 'number') return undefined;
  return { kind: 'value', value: target + source - base };
}

function fits(pattern: Path, path: Path): boolean {
  return pattern.length === path.length && pattern.every((step, at) => step === '*' || step === path[at]);
}

function isSame(one: Item | undefined, other: Item | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && isEqual(one, other));
}

function loadedSide(item: Item | undefined): ReturnType<typeof loadedItem> | undefined {
  return item === undefined ? undefined : loadedItem(item);
}
