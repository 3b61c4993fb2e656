/** What a version adds to what is kept: the next part of its agent's chain. The one place that knows how versions are encoded. */
import { ChainWriter, type Tree } from '@skep/state';

export const ENCODING = 'a chain of packs and deltas, framing included, not compressed';

export class KeptBytes {
  private readonly chain = new ChainWriter();

  /** Keeps a version; how many bytes it added. */
  add(tree: Tree): number {
    return this.chain.next(tree).bytes.length;
  }
}
