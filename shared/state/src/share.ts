/** Sharing equal content between trees that were made apart: one node in memory for each hash, however many trees hold it (V7). */
import {
  Branch,
  Bucket,
  type DateNode,
  type Item,
  ListNode,
  type LoadedItem,
  loaded,
  loadedItem,
  MapNode,
  type TrieChild,
  type TriePart,
  Vector,
  VectorBranch,
  type VectorChild,
  type VectorPart,
  WideMap,
} from './node.js';

export interface Shared {
  /** Nodes that were replaced by equal ones. */
  readonly nodes: number;
  /** Encoded length of what they held. */
  readonly bytes: number;
}

type ValueNode = Exclude<LoadedItem, string | number | boolean | null | DateNode>;

interface Sealed {
  link: Uint8Array | undefined;
  size: number;
}

export class NodeShare {
  private readonly known = new Map<string, WeakRef<object>>();
  private readonly dropped = new FinalizationRegistry<string>((name) => {
    if (this.known.get(name)?.deref() === undefined) this.known.delete(name);
  });
  private nodes = 0;
  private bytes = 0;

  /** The same value made of known nodes where there are some. The item must be sealed. */
  share(item: Item): { readonly item: Item; readonly shared: Shared } {
    this.nodes = 0;
    this.bytes = 0;
    return { item: this.item(item), shared: { nodes: this.nodes, bytes: this.bytes } };
  }

  private item(item: Item): Item {
    const found = loadedItem(item);
    if (typeof found !== 'object' || found === null || found.kind === 'date') return found;
    return this.oneOf<ValueNode>(found, () => this.rebuiltItem(found));
  }

  private rebuiltItem(node: ValueNode): ValueNode {
    switch (node.kind) {
      case 'map': {
        const items = this.items(node.items);
        return items === node.items ? node : like(node, new MapNode(node.keys, items));
      }
      case 'list':
        return this.list(node);
      case 'wide': {
        const root = this.triePart(node.root) as Branch;
        return root === node.root ? node : like(node, new WideMap(node.count, root));
      }
      case 'vector': {
        const children = mapped(node.children, (child) => this.vectorChild(child));
        return children === node.children ? node : like(node, new Vector(node.length, node.height, children));
      }
      default:
        return node;
    }
  }

  private list(node: ListNode): ListNode {
    const items = this.items(node.items);
    return items === node.items ? node : like(node, new ListNode(items));
  }

  private items(items: readonly Item[]): readonly Item[] {
    return mapped(items, (item) => (typeof item === 'object' && item !== null ? this.item(item) : item));
  }

  private trieChild(child: TrieChild): TrieChild {
    const part = loaded<TriePart>(child);
    return this.oneOf(part, () => this.triePart(part));
  }

  private triePart(part: TriePart): TriePart {
    const items = this.items(part.items);
    if (part.kind === 'bucket') return items === part.items ? part : like(part, new Bucket(part.keys, items));
    const children = mapped(part.children, (child) => this.trieChild(child));
    return items === part.items && children === part.children ? part : like(part, new Branch(part.dataMap, part.nodeMap, part.keys, items, children));
  }

  private vectorChild(child: VectorChild): VectorChild {
    const part = loaded<VectorPart>(child);
    return this.oneOf(part, () => (part.kind === 'list' ? this.list(part) : this.vectorBranch(part)));
  }

  private vectorBranch(part: VectorBranch): VectorBranch {
    const children = mapped(part.children, (child) => this.vectorChild(child));
    return children === part.children ? part : like(part, new VectorBranch(children));
  }

  /** The known node of the same kind and hash, else the node itself after its members were shared. */
  private oneOf<Found extends Sealed & { readonly kind: string }>(node: Found, rebuild: () => Found): Found {
    if (node.link === undefined) return rebuild();
    const name = node.kind + Buffer.from(node.link).toString('latin1');
    const known = this.known.get(name)?.deref() as Found | undefined;
    if (known === node) return node;
    if (known !== undefined) {
      this.nodes += 1;
      this.bytes += node.size;
      return known;
    }
    const made = rebuild();
    this.known.set(name, new WeakRef(made));
    this.dropped.register(made, name);
    return made;
  }
}

function like<Made extends Sealed>(node: Sealed, made: Made): Made {
  made.link = node.link;
  made.size = node.size;
  return made;
}

function mapped<Member>(members: readonly Member[], change: (member: Member) => Member): readonly Member[] {
  let copy: Member[] | undefined;
  for (let at = 0; at < members.length; at += 1) {
    const member = members[at] as Member;
    const changed = change(member);
    if (changed === member && copy === undefined) continue;
    copy ??= members.slice();
    copy[at] = changed;
  }
  return copy ?? members;
}
