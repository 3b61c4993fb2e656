/**
 * Merging lists as texts are merged (diff3): items that all three have in common divide the lists into stretches; a stretch that only one
 * side changed is taken from that side, one that both changed item by item is merged item by item, anything else is a conflict.
 */
import type { Path } from '@skep/kernel';
import { isEqual } from './equal.js';
import { listItems, rebuilt } from './list.js';
import { matchesBetween } from './list-diff.js';
import type { Merger } from './merge.js';
import type { Item, ListItem } from './node.js';

interface Lists {
  readonly base: ListItem;
  readonly source: ListItem;
  readonly target: ListItem;
}

type Stretch = Readonly<Record<keyof Lists, readonly Item[]>>;

/** Undefined where both sides changed the same place and it cannot be told how to join them. */
export function mergeListItems(lists: Lists, path: Path, merger: Merger): ListItem | undefined {
  const items = { base: listItems(lists.base), source: listItems(lists.source), target: listItems(lists.target) };
  const merged: Item[] = [];
  for (const stretch of stretchesOf(items)) {
    const joined = mergeStretch(stretch, [...path, merged.length], merger);
    if (joined === undefined) return undefined;
    merged.push(...joined);
  }
  return rebuilt(merged, lists.target);
}

function mergeStretch({ base, source, target }: Stretch, path: Path, merger: Merger): readonly Item[] | undefined {
  if (isSame(source, base)) return target;
  if (isSame(target, base)) return source;
  const isPaired = base.length === source.length && base.length === target.length;
  if (isSame(source, target) && !(isPaired && merger.sums(path))) return target;
  if (!isPaired) return undefined;
  const at = path.at(-1) as number;
  return base.map((item, index) => {
    const present = target[index] as Item;
    return merger.merge({ base: item, source: source[index], target: present }, [...path.slice(0, -1), at + index]) ?? present;
  });
}

/** What lies between the items that are in all three, and these items themselves. */
function stretchesOf({ base, source, target }: Stretch): readonly Stretch[] {
  const inSource = new Map(matchesBetween(base, source).map((match) => [match.one, match.other]));
  const inTarget = new Map(matchesBetween(base, target).map((match) => [match.one, match.other]));
  const stretches: Stretch[] = [];
  let from = { base: 0, source: 0, target: 0 };
  const cut = (to: typeof from) => {
    stretches.push({
      base: base.slice(from.base, to.base),
      source: source.slice(from.source, to.source),
      target: target.slice(from.target, to.target),
    });
    from = to;
  };
  for (let at = 0; at < base.length; at += 1) {
    const sourceAt = inSource.get(at);
    const targetAt = inTarget.get(at);
    if (sourceAt === undefined || targetAt === undefined) continue;
    cut({ base: at, source: sourceAt, target: targetAt });
    cut({ base: at + 1, source: sourceAt + 1, target: targetAt + 1 });
  }
  cut({ base: base.length, source: source.length, target: target.length });
  return stretches;
}

function isSame(one: readonly Item[], other: readonly Item[]): boolean {
  return one.length === other.length && one.every((item, at) => isEqual(item, other[at] as Item));
}
