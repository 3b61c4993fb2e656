/** Merging texts: line by line, and word by word where both sides changed the same lines. */
import { LIMITS } from '@skep/kernel';
import { commonPlaces } from './common-sequence.js';
import { type Range, stretchesOf } from './diff3.js';

export interface Texts {
  readonly base: string;
  readonly ours: string;
  readonly theirs: string;
}

interface Parts {
  readonly base: readonly string[];
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

/** A line with its end; the last one may have none. */
const LINES = /[^\n]*\n|[^\n]+/g;
/** Words, gaps and single signs: half a word is never taken from one side and half from the other. */
const WORDS = /[\p{L}\p{N}\p{M}_]+|\s+|./gsu;

/** Undefined where both sides changed the same words, or the texts are longer or differ more than is looked through. */
export function mergeTexts(texts: Texts): string | undefined {
  if (Math.max(texts.base.length, texts.ours.length, texts.theirs.length) > LIMITS.mergedTextUnits) return undefined;
  return mergeParts(partsOf(texts, LINES), (stretch) => mergeParts(partsOf(stretch, WORDS), () => undefined));
}

function mergeParts({ base, ours, theirs }: Parts, both: (texts: Texts) => string | undefined): string | undefined {
  const inOurs = commonPlaces(base, ours);
  const inTheirs = commonPlaces(base, theirs);
  if (inOurs === undefined || inTheirs === undefined) return undefined;
  let merged = '';
  for (const stretch of stretchesOf({ lengths: { base: base.length, ours: ours.length, theirs: theirs.length }, inOurs, inTheirs })) {
    const joined = mergeStretch({ base: textOf(base, stretch.base), ours: textOf(ours, stretch.ours), theirs: textOf(theirs, stretch.theirs) }, both);
    if (joined === undefined) return undefined;
    merged += joined;
  }
  return merged;
}

function mergeStretch(texts: Texts, both: (texts: Texts) => string | undefined): string | undefined {
  const { base, ours, theirs } = texts;
  if (theirs === base || ours === theirs) return ours;
  return ours === base ? theirs : both(texts);
}

function partsOf({ base, ours, theirs }: Texts, pattern: RegExp): Parts {
  return { base: base.match(pattern) ?? [], ours: ours.match(pattern) ?? [], theirs: theirs.match(pattern) ?? [] };
}

function textOf(parts: readonly string[], { from, to }: Range): string {
  return parts.slice(from, to).join('');
}
