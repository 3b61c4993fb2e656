/** What a version adds to what is kept: the nodes that no version before had. The one place that knows how versions are encoded. */
import { type Sink, sinkTree, type Tree } from '@skep/state';

export const ENCODING = 'nodes that no version before had, without framing';

export class KeptBytes {
  private readonly nodes = new NewNodes();

  /** Keeps a version; how many bytes it added. */
  add(tree: Tree): number {
    const before = this.nodes.bytes;
    sinkTree(tree.item, tree.space, this.nodes);
    return this.nodes.bytes - before;
  }
}

class NewNodes implements Sink {
  bytes = 0;
  private readonly known = new Set<string>();

  has(link: Uint8Array): boolean {
    return this.known.has(nameOf(link));
  }

  take(link: Uint8Array, bytes: Uint8Array): void {
    if (this.has(link)) return;
    this.known.add(nameOf(link));
    this.bytes += bytes.length;
  }
}

function nameOf(link: Uint8Array): string {
  return Buffer.from(link).toString('latin1');
}
