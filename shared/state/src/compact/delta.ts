/**
 * Deltas: a tree as what changed since another one, its base. Layout in `FORMAT.md`.
 *
 * - D1 A delta is as long as what changed: about 60 bytes and the new values.
 * - D2 What a delta makes is handed out only when it has the root that the delta names (guarantee G11); what the base has not read yet stays
 *   unread, and is verified when it is.
 * - D3 Writing and reading one cost what changed.
 */
import { type Change, decode, encode, LIMITS, SkepError, toHex, type Value } from '@skep/kernel';
import { diff } from '../diff.js';
import { rootOf } from '../seal.js';
import { sizeOf } from '../size.js';
import { type Tree, type TreeOptions, treeOf } from '../tree.js';
import { applyDeltaEdits, DELTA_WORK_MAX, workMax } from './apply.js';
import { type DeltaEdit, editOf, valueOfChange } from './delta-edit.js';
import { BASE_AT, BASE_BYTES, BASED, DELTA_MARK, DELTA_VERSION, KEYED, ROOT_AT } from './delta-format.js';

/** Finds the base of a delta by the first 16 hex digits of its root. Undefined when there is none. */
export type ReadBase = (rootStart: string) => Tree | undefined;

/** @param base undefined: the delta holds the whole value @throws SkepError `invalid-input` for trees of different address keys */
export function encodeDelta(tree: Tree, base: Tree | undefined): Uint8Array {
  const changes = base === undefined ? undefined : changesSince(base, tree);
  const body = encode(changes?.map(valueOfChange) ?? [valueOfChange({ kind: 'create', path: [], new: tree.value() })]);
  const isBased = base !== undefined && changes !== undefined;
  const bodyAt = BASE_AT + (isBased ? BASE_BYTES : 0);
  const bytes = new Uint8Array(bodyAt + body.length);
  bytes[0] = DELTA_MARK + DELTA_VERSION;
  bytes[1] = (tree.space.addressKey === undefined ? 0 : KEYED) + (isBased ? BASED : 0);
  bytes.set(rootOf(tree.item, tree.space), ROOT_AT);
  if (isBased) bytes.set(rootOf(base.item, base.space).subarray(0, BASE_BYTES), BASE_AT);
  bytes.set(body, bodyAt);
  return bytes;
}

/**
 * @throws SkepError `malformed`, `corrupt` (also without its base, or with another one), `unsupported-format`, `payload-too-large`,
 *   `not-configured`
 */
export function decodeDelta(bytes: Uint8Array, readBase: ReadBase, options: TreeOptions = {}): Tree {
  const delta = parseDelta(bytes, options);
  const tree = applyDelta(delta, delta.base === undefined ? undefined : readBase(delta.base), options);
  verifyRoot(delta, tree);
  return tree;
}

export function isDelta(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0xf0) === DELTA_MARK;
}

export interface ParsedDelta {
  readonly root: string;
  /** The beginning of the base's root. */
  readonly base: string | undefined;
  readonly edits: readonly DeltaEdit[];
}

export function parseDelta(bytes: Uint8Array, { addressKey }: TreeOptions): ParsedDelta {
  const version = (bytes[0] ?? 0) - DELTA_MARK;
  if (version > DELTA_VERSION && version < 16) {
    throw new SkepError('unsupported-format', { message: `this delta has format ${version}; this Skep reads ${DELTA_VERSION}` });
  }
  const flags = bytes[1] ?? 0;
  const isBased = (flags & BASED) !== 0;
  const bodyAt = BASE_AT + (isBased ? BASE_BYTES : 0);
  if (version !== DELTA_VERSION || flags > KEYED + BASED || bytes.length < bodyAt) throw malformed('has no header');
  if (((flags & KEYED) !== 0) !== (addressKey !== undefined)) {
    throw new SkepError('not-configured', {
      message: `this delta was made ${addressKey === undefined ? 'under an address key, and none' : 'without an address key, and one'} was given`,
      remedy: 'Read it with the address key of its tenant.',
    });
  }
  if (bytes.length - bodyAt > LIMITS.stateBytes) throw tooLarge(bytes.length - bodyAt);
  const body: Value = decode(bytes.subarray(bodyAt));
  if (!Array.isArray(body)) throw malformed('holds no edits');
  const edits = body.map((value: Value) => editOf(value) ?? refuse());
  const base = isBased ? toHex(bytes.subarray(BASE_AT, bodyAt)) : undefined;
  return { root: toHex(bytes.subarray(ROOT_AT, BASE_AT)), base, edits };
}

/** What the delta makes; that it has the declared root is still to be verified. */
export function applyDelta({ base: wanted, edits, root }: ParsedDelta, base: Tree | undefined, options: TreeOptions): Tree {
  if (wanted !== undefined && base === undefined) throw new SkepError('corrupt', { message: 'the base of a delta is missing', id: wanted });
  const tree = applyDeltaEdits(base ?? treeOf(null, options), edits);
  const size = sizeOf(tree.item);
  if (size > LIMITS.stateBytes) throw tooLarge(size, root);
  return tree;
}

/** @throws SkepError `corrupt` */
export function verifyRoot({ root, base }: Pick<ParsedDelta, 'root' | 'base'>, tree: Tree): void {
  if (tree.root() === root) return;
  throw new SkepError('corrupt', {
    message: base === undefined ? 'a delta does not make what it says' : `a delta does not make what it says of the base ${base}`,
    id: root,
  });
}

/** Undefined where applying them might cost more than a reader allows. */
function changesSince(base: Tree, tree: Tree): readonly Change[] | undefined {
  const changes = diff(base, tree);
  const length = base.byteLength + tree.byteLength;
  let work = 0;
  for (const change of changes) work += workMax({ kind: change.kind === 'update' ? 'splice' : change.kind, path: change.path }, length);
  return work <= DELTA_WORK_MAX || isCheap(base, changes) ? changes : undefined;
}

/** Tried where the estimate is too high, as it is for few edits of long lists in a large state. */
function isCheap(base: Tree, changes: readonly Change[]): boolean {
  try {
    applyDeltaEdits(
      base,
      changes.map((change) => editOf(valueOfChange(change)) ?? refuse()),
    );
    return true;
  } catch (error) {
    if (error instanceof SkepError && error.code === 'payload-too-large') return false;
    throw error;
  }
}

function tooLarge(bytes: number, id?: string): SkepError {
  const message = `a delta makes a state of ${bytes} bytes; ${LIMITS.stateBytes} are allowed`;
  return new SkepError('payload-too-large', id === undefined ? { message } : { message, id });
}

function refuse(): never {
  throw malformed('holds an edit that is none');
}

function malformed(why: string): SkepError {
  return new SkepError('malformed', { message: `this is no delta of a tree: it ${why}` });
}
