/**
 * Sealing at the latest moment: roots that are asked for in one moment are computed together, after it. What trees have in common is hashed
 * once, as nodes remember their links.
 */
import type { HashHex } from '@skep/kernel';
import type { Tree } from '../tree.js';

/** Has work done soon, outside of the code that runs now. */
export type Schedule = (work: () => void) => void;

/** Trees that are sealed in one go; then others have their turn. */
const SEALED_AT_ONCE_MAX = 256;

interface Asked {
  readonly tree: Tree;
  readonly resolve: (root: HashHex) => void;
  readonly reject: (error: unknown) => void;
}

export class Sealer {
  private asked: Asked[] = [];

  constructor(private readonly schedule: Schedule) {}

  /** Rejects with what `Tree.root` throws, for a tree that was not read yet and is damaged. */
  root(tree: Tree): Promise<HashHex> {
    return new Promise((resolve, reject) => {
      if (this.asked.push({ tree, resolve, reject }) === 1) this.schedule(() => this.seal());
    });
  }

  private seal(): void {
    const now = this.asked.slice(0, SEALED_AT_ONCE_MAX);
    this.asked = this.asked.slice(SEALED_AT_ONCE_MAX);
    if (this.asked.length > 0) this.schedule(() => this.seal());
    for (const { tree, resolve, reject } of now) {
      try {
        resolve(tree.root());
      } catch (error) {
        reject(error);
      }
    }
  }
}
