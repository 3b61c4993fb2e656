/** The strategies that have a name: how they decide a place that both sides changed. */
import { assertNever, compareClocks } from '@skep/kernel';
import { type Item, loadedItem } from '../node.js';
import type { Space } from '../space.js';
import { textItem } from '../text.js';
import type { Clocks } from './clocks.js';
import type { NamedStrategy } from './rule.js';
import { mergeSets } from './set.js';
import type { Sides } from './sides.js';
import { mergeTexts } from './text.js';

/** A rule that cannot decide. */
export const UNKNOWN = Symbol('unknown');
export type Decision = Item | undefined | typeof UNKNOWN;

export interface Place {
  /** When each side wrote it last. */
  readonly clocks: () => Clocks;
  readonly space: Space;
}

export function byStrategy(strategy: NamedStrategy, sides: Sides, { clocks, space }: Place): Decision {
  switch (strategy) {
    case 'ours':
      return sides.ours;
    case 'theirs':
      return sides.theirs;
    case 'last-writer':
      return ofLastWriter(sides, clocks());
    case 'counter':
      return sum(sides);
    case 'set':
      return mergeSets(sides, space) ?? UNKNOWN;
    case 'text':
      return text(sides);
    default:
      return assertNever(strategy);
  }
}

function ofLastWriter(sides: Sides, { target, source }: Clocks): Decision {
  if (target === undefined || source === undefined) return UNKNOWN;
  const order = compareClocks(target, source);
  return order === 0 ? UNKNOWN : order > 0 ? sides.ours : sides.theirs;
}

/** A counter that was not there counted nothing. What no state can hold, or cannot be added up exactly, is undecided. */
function sum({ base = 0, ours, theirs }: Sides): Decision {
  if (typeof base !== 'number' || typeof ours !== 'number' || typeof theirs !== 'number') return UNKNOWN;
  const [one, other] = [ours - base, theirs - base];
  // Both are added first: so fractions have the same sum in both directions.
  const total = base + (one + other);
  return [one, other, one + other, total].every((each) => Math.abs(each) <= Number.MAX_SAFE_INTEGER) ? total + 0 : UNKNOWN;
}

function text({ base = '', ours, theirs }: Sides): Decision {
  const texts = { base: textOf(base), ours: textOf(ours), theirs: textOf(theirs) };
  if (texts.base === undefined || texts.ours === undefined || texts.theirs === undefined) return UNKNOWN;
  const merged = mergeTexts({ base: texts.base, ours: texts.ours, theirs: texts.theirs });
  return merged === undefined ? UNKNOWN : textItem(merged);
}

export function textOf(item: Item | undefined): string | undefined {
  const found = item === undefined ? undefined : loadedItem(item);
  if (typeof found === 'string') return found;
  return typeof found === 'object' && found?.kind === 'text' ? found.text : undefined;
}
