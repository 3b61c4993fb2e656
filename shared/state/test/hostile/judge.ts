/** What may come of hostile bytes: a refusal that says why, or a tree that is in every way what it says it is. */
import { encode, SkepError } from '@skep/kernel';
import { packTree, type Tree, treeOf, unpackTree } from '@skep/state';
import { expect } from 'vitest';

export type Refusal = 'malformed' | 'corrupt' | 'unsupported-format' | 'payload-too-large' | 'not-configured';
const REFUSALS: readonly string[] = ['malformed', 'corrupt', 'unsupported-format', 'payload-too-large', 'not-configured'] satisfies Refusal[];

/** @param others codes that are right here as well @throws whatever else than such a refusal comes */
export function refusalOf(act: () => unknown, others: readonly string[] = []): Refusal | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (!(error instanceof SkepError) || ![...REFUSALS, ...others].includes(error.code)) throw error;
    return error.code as Refusal;
  }
}

/** Reads all of a pack. What is accepted has the root of its value, its length, and packs to the same root again. */
export function judge(pack: Uint8Array): Refusal | 'accepted' {
  let tree: Tree | undefined;
  const refusal = refusalOf(() => {
    tree = unpackTree(pack);
    tree.value();
  });
  if (refusal !== undefined || tree === undefined) return refusal ?? 'accepted';
  const value = tree.value();
  expect(treeOf(value).root()).toBe(tree.root());
  expect(tree.byteLength).toBe(encode(value).length);
  const again = packTree(tree);
  expect(unpackTree(again).root()).toBe(tree.root());
  expect(Buffer.compare(again, packTree(treeOf(value)))).toBe(0);
  return 'accepted';
}
