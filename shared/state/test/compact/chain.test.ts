import { LIMITS } from '@skep/kernel';
import { type ChainPart, ChainWriter, readChain, type Tree, treeOf } from '@skep/state';
import { describe, expect, test } from 'vitest';
import { codeOf, objectOf, STATE_S } from '../arbitrary.js';

const LARGE = { ...STATE_S, wide: objectOf(Array.from({ length: 900 }, (_, at) => [`key-${at}`, `value ${at}`] as const)) };

function grown(start: unknown, steps: number): { readonly trees: readonly Tree[]; readonly parts: readonly ChainPart[] } {
  const writer = new ChainWriter();
  const trees = [treeOf(start)];
  for (let step = 0; step < steps; step += 1) {
    trees.push((trees.at(-1) as Tree).apply([{ kind: 'update', path: ['memory', (step * 37) % 50, 'score'], new: step + 0.5 }]));
  }
  return { trees, parts: trees.map((tree) => writer.next(tree)) };
}

/** From the last pack up to a part. */
function chainOf(parts: readonly ChainPart[], at: number): readonly Uint8Array[] {
  const pack = parts.slice(0, at + 1).findLastIndex(({ kind }) => kind === 'pack');
  return parts.slice(pack, at + 1).map(({ bytes }) => bytes);
}

describe('V12: chains of deltas', () => {
  test('V12: every checkpoint of a chain is read as it was', () => {
    const { trees, parts } = grown(STATE_S, 120);
    for (const [at, tree] of trees.entries()) expect(readChain(chainOf(parts, at)).root()).toBe(tree.root());
  });

  test('V12: a chain ends at its limit of deltas, or when they are twice as long as the state', () => {
    for (const start of [STATE_S, LARGE]) {
      const { parts, trees } = grown(start, 300);
      expect(parts.filter(({ kind }) => kind === 'pack').length).toBeGreaterThan(2);
      for (const at of parts.keys()) {
        const deltas = chainOf(parts, at).slice(1);
        expect(deltas.length).toBeLessThanOrEqual(LIMITS.chainDeltas);
        expect(deltas.reduce((sum, { length }) => sum + length, 0)).toBeLessThanOrEqual(2 * (trees[at]?.byteLength ?? 0));
      }
    }
    expect(Math.max(...grown(LARGE, 300).parts.map((_, at, parts) => chainOf(parts, at).length))).toBe(LIMITS.chainDeltas + 1);
  });

  test('G11: a part that is missing, changed or out of order is noticed', () => {
    const { parts } = grown(STATE_S, 10);
    const chain = chainOf(parts, 10);
    expect(codeOf(() => readChain([]))).toBe('corrupt');
    expect(codeOf(() => readChain(chain.slice(1)))).toBe('corrupt');
    for (let at = 1; at < 10; at += 1) {
      expect(codeOf(() => readChain(chain.toSpliced(at, 1)))).toBe('corrupt');
      const changed = (chain[at] as Uint8Array).slice();
      changed[changed.length - 1] = (changed.at(-1) as number) ^ 1;
      expect(['corrupt', 'malformed']).toContain(codeOf(() => readChain(chain.with(at, changed))));
    }
  });
});
