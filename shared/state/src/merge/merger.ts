/** Walks three trees side by side where both sides differ from the base, and joins them. */
import { formatPath } from '@skep/kernel';
import { itemOf } from '../build.js';
import { EMPTY_MAP, mapDelete, mapGet, mapSet } from '../map.js';
import { type Item, isList, isMap, type LoadedItem, loadedItem, type MapItem } from '../node.js';
import type { Space } from '../space.js';
import type { ClocksOf } from './clocks.js';
import { conflictOf, type MergeConflict, type Resolution } from './conflict.js';
import { mergeKeyedLists } from './keyed-list.js';
import { mergeLists } from './lists.js';
import { joinMaps } from './maps.js';
import { type MergeRule, mayCount, rulesBelow } from './rule.js';
import { isKnownSame, isSame, type Sides, type Three } from './sides.js';
import { byStrategy, UNKNOWN } from './strategy.js';

export interface MergerOptions {
  readonly space: Space;
  readonly clocksOf: ClocksOf;
  /** By formatted path. */
  readonly resolutions: ReadonlyMap<string, Resolution>;
  /** Conflicts do not tell what the base has. */
  readonly hidesBase: boolean;
  /** Stands in the result at conflicts. Default: ours. */
  readonly undecided?: Item | undefined;
}

export class Merger {
  readonly conflicts: MergeConflict[] = [];
  readonly space: Space;
  /** Where it is now. Whoever keeps it takes a copy. */
  private readonly path: (string | number)[] = [];

  constructor(private readonly options: MergerOptions) {
    this.space = options.space;
  }

  /** What the result has there, undefined for nothing. */
  merge(sides: Sides, rules: readonly MergeRule[]): Item | undefined {
    const { base, ours, theirs } = sides;
    if (isKnownSame(theirs, base)) return ours;
    if (isKnownSame(ours, base)) return theirs;
    if (isKnownSame(ours, theirs) && !mayCount(rules)) return ours;
    for (const rule of rules) {
      if (rule.path.length !== this.path.length) continue;
      const item = this.byRule(rule, sides, rules);
      if (item !== UNKNOWN) return item;
    }
    return this.byStructure(sides, rules);
  }

  /** A member of what is there now. */
  member(sides: Sides, step: string | number, rules: readonly MergeRule[]): Item | undefined {
    const below = rulesBelow(rules, this.path.length, step);
    this.path.push(step);
    const item = this.merge(sides, below);
    this.path.pop();
    return item;
  }

  /** Joins them by a work that may find conflicts below; those do not count where it cannot join them as a whole. */
  attempt<Result>(work: () => Result | undefined): Result | undefined {
    const known = this.conflicts.length;
    const result = work();
    if (result === undefined) this.conflicts.length = known;
    return result;
  }

  /** Decides a custom rule's or people's resolution. */
  private resolved(resolution: Resolution | undefined, { ours, theirs }: Sides): Item | undefined | typeof UNKNOWN {
    switch (resolution?.kind) {
      case 'value':
        return itemOf(resolution.value, this.path, this.space);
      case 'ours':
        return ours;
      case 'theirs':
        return theirs;
      case 'absent':
        return this.path.length > 0 ? undefined : UNKNOWN;
      default:
        return UNKNOWN;
    }
  }

  /** What a custom rule is told, and people. */
  private conflictOf(sides: Sides): MergeConflict {
    const conflict = conflictOf(sides, this.path.slice());
    if (!this.options.hidesBase) return conflict;
    const { base: _hidden, ...told } = conflict;
    return told;
  }

  private byRule(rule: MergeRule, sides: Sides, rules: readonly MergeRule[]): Item | undefined | typeof UNKNOWN {
    const { base, ours, theirs } = sides;
    if (isSame(theirs, base)) return ours;
    if (isSame(ours, base)) return theirs;
    const { resolve } = rule;
    const mayCountBelow = typeof resolve === 'object' && mayCount(rules);
    if (resolve !== 'counter' && !mayCountBelow && isSame(ours, theirs)) return ours;
    if (typeof resolve === 'function') return this.resolved(resolve(this.conflictOf(sides)), sides);
    if (typeof resolve === 'string') return byStrategy(resolve, sides, { space: this.space, clocks: () => this.options.clocksOf(this.path.slice()) });
    return this.attempt(() => mergeKeyedLists(resolve.key, sides, { rules, merger: this })) ?? UNKNOWN;
  }

  private byStructure(sides: Sides, rules: readonly MergeRule[]): Item | undefined {
    const base = loadedSide(sides.base);
    const ours = loadedSide(sides.ours);
    const theirs = loadedSide(sides.theirs);
    if (ours !== undefined && theirs !== undefined) {
      if (isMap(ours) && isMap(theirs) && (base === undefined || isMap(base)))
        return this.mergeMaps({ base: base ?? EMPTY_MAP, ours, theirs }, rules);
      if (base !== undefined && isList(base) && isList(ours) && isList(theirs)) {
        const merged = this.attempt(() => mergeLists({ base, ours, theirs }, { rules, merger: this }));
        if (merged !== undefined) return merged;
      }
    }
    return this.conflict(sides);
  }

  private mergeMaps(sides: Three<MapItem>, rules: readonly MergeRule[]): Item {
    const { map, left } = joinMaps(sides, this.space);
    let merged = map;
    for (const { key, from, to } of left) {
      const present = mapGet(sides.ours, key, this.space);
      const item = this.member({ base: from, ours: present, theirs: to }, key, rules);
      if (item === present) continue;
      merged = item === undefined ? mapDelete(merged, key, this.space) : mapSet(merged, key, item, this.space);
    }
    return merged;
  }

  private conflict(sides: Sides): Item | undefined {
    const { base, ours, theirs } = sides;
    if (isSame(theirs, base) || isSame(ours, theirs)) return ours;
    if (isSame(ours, base)) return theirs;
    if (this.options.resolutions.size > 0) {
      const item = this.resolved(this.options.resolutions.get(formatPath(this.path)), sides);
      if (item !== UNKNOWN) return item;
    }
    this.conflicts.push(this.conflictOf(sides));
    return this.options.undecided ?? ours;
  }
}

function loadedSide(item: Item | undefined): LoadedItem | undefined {
  return item === undefined ? undefined : loadedItem(item);
}
