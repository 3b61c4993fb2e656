/**
 * Chains: the checkpoints of one agent as packs and deltas in turn, each delta on the tree before it.
 *
 *   pack <- delta <- delta <- ... <- delta   pack <- delta <- ...
 *
 * - H1 Reading a checkpoint applies at most `LIMITS.chainDeltas` deltas, which together are at most twice as long as the state they make:
 *   it costs no more than a few times what reading the whole state costs.
 * - H2 Of a chain only the last tree is hashed: its root stands for all that led to it.
 */
import { LIMITS, SkepError } from '@skep/kernel';
import { packTree, unpackTree } from '../pack.js';
import type { Tree, TreeOptions } from '../tree.js';
import { applyDelta, encodeDelta, isDelta, type ParsedDelta, parseDelta, verifyRoot } from './delta.js';

export interface ChainPart {
  readonly kind: 'pack' | 'delta';
  readonly bytes: Uint8Array;
}

export interface ChainOptions {
  /** Default and most: `LIMITS.chainDeltas`. */
  readonly deltasMax?: number;
}

/** Length of all deltas of a chain against that of the state. A state that only grows repeats nothing in them, so this rarely ends a chain. */
const DELTA_SHARE_MAX = 2;

/** Writes checkpoints of one agent. */
export class ChainWriter {
  private base: Tree | undefined;
  private deltas = 0;
  private deltaBytes = 0;
  private readonly deltasMax: number;

  constructor({ deltasMax = LIMITS.chainDeltas }: ChainOptions = {}) {
    this.deltasMax = Math.min(deltasMax, LIMITS.chainDeltas);
  }

  /** Goes on after the parts of a chain, the pack first. @throws SkepError as `readChain` */
  static after(parts: readonly Uint8Array[], options: TreeOptions & ChainOptions = {}): ChainWriter {
    const writer = new ChainWriter(options);
    writer.base = readChain(parts, options);
    writer.deltas = parts.length - 1;
    writer.deltaBytes = parts.slice(1).reduce((sum, { length }) => sum + length, 0);
    return writer;
  }

  /** The next checkpoint's own bytes. A delta stands on the tree of the call before. */
  next(tree: Tree): ChainPart {
    const { base } = this;
    this.base = tree;
    if (base !== undefined && this.deltas < this.deltasMax) {
      const bytes = encodeDelta(tree, base);
      if (this.deltaBytes + bytes.length <= DELTA_SHARE_MAX * tree.byteLength) {
        this.deltas += 1;
        this.deltaBytes += bytes.length;
        return { kind: 'delta', bytes };
      }
    }
    const bytes = packTree(tree);
    this.deltas = 0;
    this.deltaBytes = 0;
    return { kind: 'pack', bytes };
  }
}

/**
 * The tree of the last part. The first one is a pack or a delta without a base.
 * @throws SkepError as `unpackTree` and `decodeDelta`, `corrupt` also for parts that do not follow each other
 */
export function readChain(parts: readonly Uint8Array[], options: TreeOptions = {}): Tree {
  let tree: Tree | undefined;
  let last: ParsedDelta | undefined;
  for (const bytes of parts) {
    if (isDelta(bytes)) {
      const delta = parseDelta(bytes, options);
      const before = last === undefined ? tree?.root() : last.root;
      if (delta.base !== undefined && before?.startsWith(delta.base) !== true) throw broken(delta.root);
      tree = applyDelta(delta, tree, options);
      last = delta;
    } else {
      tree = unpackTree(bytes, options);
      last = undefined;
    }
  }
  if (tree === undefined) throw new SkepError('corrupt', { message: 'a chain of checkpoints is empty' });
  if (last !== undefined) verifyRoot(last, tree);
  return tree;
}

function broken(root: string): SkepError {
  return new SkepError('corrupt', { message: 'a delta does not follow the checkpoint before it', id: root });
}
