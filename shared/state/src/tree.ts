/**
 * The tree of one state: an immutable value with a root hash. Versions share what they have in common; a change costs what it touches.
 *
 * - T1 Same content, same root, whatever the order of edits and wherever it runs (guarantee G8).
 * - T2 A tree never changes; whatever is read of it is frozen or a copy.
 * - T3 Nothing is hashed before a root is asked for, and every node once.
 */

import type { HashHex, Path, Value } from '@skep/kernel';
import { itemOf } from './build.js';
import { applyEdits, type Edit } from './edit.js';
import { itemAt } from './lookup.js';
import type { Item } from './node.js';
import { plainOf } from './plain.js';
import { rootHexOf } from './seal.js';
import { sizeOf } from './size.js';
import { type Space, spaceOf } from './space.js';

export interface TreeOptions {
  /** 32 secret bytes under which all is hashed, so that addresses tell nothing of the content. Never changes for a tenant. Default: none. */
  readonly addressKey?: Uint8Array;
}

/** @throws SkepError `invalid-value` that names the place */
export function treeOf(value: unknown, options: TreeOptions = {}): Tree {
  const space = spaceOf(options.addressKey);
  return new Tree(itemOf(value, [], space), space);
}

export class Tree {
  private hex: HashHex | undefined = undefined;

  /** Made by `treeOf`, `unpackTree` and other trees only. */
  constructor(
    /** @internal */
    readonly item: Item,
    /** @internal */
    readonly space: Space,
  ) {}

  /** What is there, deeply frozen; undefined if nothing is. */
  get(path: Path): Value | undefined {
    const item = itemAt(this.item, path, this.space);
    return item === undefined ? undefined : plainOf(item, path.length);
  }

  has(path: Path): boolean {
    return itemAt(this.item, path, this.space) !== undefined;
  }

  /** The whole value, deeply frozen; parts that did not change since another version are the same objects. Dates and bytes are copies. */
  value(): Value {
    return plainOf(this.item, 0);
  }

  /** The content root. */
  root(): HashHex {
    this.hex ??= rootHexOf(this.item, this.space);
    return this.hex;
  }

  /** Whether it takes no work to see that both hold the same: they share everything, or both roots are known. False proves nothing. */
  isKnownEqual(other: Tree): boolean {
    return this.item === other.item || (this.hex !== undefined && this.hex === other.hex);
  }

  /** Length of the canonical encoding of the value. */
  get byteLength(): number {
    return sizeOf(this.item);
  }

  /**
   * The tree after these edits, one after the other: all of them or none.
   * @throws SkepError `invalid-path`, `invalid-value`
   */
  apply(edits: readonly Edit[]): Tree {
    const item = applyEdits(this.item, edits, this.space);
    return item === this.item ? this : new Tree(item, this.space);
  }
}
