/**
 * Three sequences side by side (diff3; Khanna, Kunal, Pierce: A Formal Investigation of Diff3, 2007): what all three have in common divides
 * them into stretches.
 */

export interface Range {
  readonly from: number;
  /** The first one that does not belong to it. */
  readonly to: number;
}

export interface Stretch {
  /** `same`: in all three, member by member. `changed`: at least one side differs from the base. */
  readonly kind: 'same' | 'changed';
  readonly base: Range;
  readonly ours: Range;
  readonly theirs: Range;
}

export interface Sequences {
  readonly lengths: { readonly base: number; readonly ours: number; readonly theirs: number };
  /** For each member of the base where it is in the side, -1 if it is not; ascending. */
  readonly inOurs: ArrayLike<number>;
  readonly inTheirs: ArrayLike<number>;
}

export function* stretchesOf({ lengths, inOurs, inTheirs }: Sequences): Generator<Stretch> {
  let base = 0;
  let ours = 0;
  let theirs = 0;
  const stretch = (kind: Stretch['kind'], to: { base: number; ours: number; theirs: number }): Stretch => {
    const made = { kind, base: { from: base, to: to.base }, ours: { from: ours, to: to.ours }, theirs: { from: theirs, to: to.theirs } };
    ({ base, ours, theirs } = to);
    return made;
  };
  for (;;) {
    let run = 0;
    while (base + run < lengths.base && inOurs[base + run] === ours + run && inTheirs[base + run] === theirs + run) run += 1;
    if (run > 0) yield stretch('same', { base: base + run, ours: ours + run, theirs: theirs + run });
    if (base === lengths.base && ours === lengths.ours && theirs === lengths.theirs) return;
    let next = base;
    while (next < lengths.base && ((inOurs[next] as number) < 0 || (inTheirs[next] as number) < 0)) next += 1;
    const end = next === lengths.base ? lengths : { base: next, ours: inOurs[next] as number, theirs: inTheirs[next] as number };
    yield stretch('changed', end);
  }
}
