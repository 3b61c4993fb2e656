/**
 * When two worlds are the same: everything that can make a difference to what happens next, as a short list of numbers.
 *
 * - Parts of worlds are shared, so each part is turned into text once and the text into a number, which is kept with the part. So the worlds
 *   of one walk are all looked at by one `Shapes`.
 * - Names of nodes are not part of it: worlds that differ only by which node is which have one vector. Nodes are put in the order of what
 *   they look like without names; where some look alike, every order of those is tried and the least vector counts.
 * - Hashes of batches contain names: a batch is what it holds and the batch before it. Tickets are counted from the last released one.
 */
import { hash, type Value } from '@skep/kernel';
import { type DirectoryEntry, decodeBatch, entryValue, type Lane, NO_HASH } from '@skep/lane';
import { agentNumber, laneNumber, type StoredLane } from './storage.js';
import type { Node, Pending, Resident, World } from './world.js';

/** What each node is called; `@0` in a text stands for node 0 and its lane. */
type Names = readonly string[];

/** Ends the part of a text whose order counts; what follows are items in any order. */
const UNORDERED = '\n';

export class Shapes {
  private readonly numbers = new Map<string, number>();
  private readonly texts: string[] = [''];
  private readonly directories = new WeakMap<readonly DirectoryEntry[], number>();
  private readonly batches = new Map<string, number>([[keyOfHash(NO_HASH), 0]]);
  private readonly batchOfHash = new WeakMap<Uint8Array, number>();
  private readonly batchOfBytes = new WeakMap<Uint8Array, number>();
  /** Orders of the nodes: canonical place -> node. */
  private readonly orders: readonly (readonly number[])[];
  /** How the nodes are called: in each order, then as each node sees them. */
  private readonly names: readonly Names[];
  /** For each of those: number of a text -> number of the same text with those names. */
  private readonly renamed: number[][];

  constructor(nodes: number) {
    const all = Array.from({ length: nodes }, (_, index) => index);
    this.orders = permutations(all);
    const nameless = all.map((own) => all.map((node) => (node === own ? '@own' : '@other')));
    this.names = [...this.orders.map((order) => all.map((node) => `@${order.indexOf(node)}`)), ...nameless];
    this.renamed = this.names.map(() => []);
  }

  /** Equal for worlds that behave alike, different for all others. */
  vectorOf(world: World): readonly number[] {
    // Requests before nodes: nodes name the hashes of batches that they sent.
    const pending = world.pending.map((each) => this.shapeOf(each, () => this.pendingText(each)));
    const lanes = world.storage.lanes.map((lane) => this.shapeOf(lane, () => this.laneText(lane)));
    const nodes = world.nodes.map((node) => this.shapeOf(node, () => this.nodeText(node)));
    const looks = nodes.map((node, index) => this.rename(node, this.orders.length + index) * 0x100000 + (lanes[index] as number));
    const entries = world.storage.directories.map((directory) => this.directoryNumber(directory));
    const rest: number[] = [this.number(world.seen.join(' ')), this.number(world.aborted.join()), world.posted, world.known];
    for (const what in world.left) rest.push(world.left[what as keyof typeof world.left]);
    let least: number[] | undefined;
    for (let at = 0; at < this.orders.length; at += 1) {
      const order = this.orders[at] as readonly number[];
      if (!ascending(order, looks)) continue;
      const vector: number[] = [];
      for (const node of order) vector.push(this.rename(nodes[node] as number, at), lanes[node] as number);
      for (const each of entries) vector.push(this.rename(each, at));
      const renamed = pending.map((each) => this.rename(each, at));
      vector.push(...(renamed.length > 1 ? renamed.sort((one, other) => one - other) : renamed));
      if (least === undefined || isLess(vector, least)) least = vector;
    }
    return [...(least ?? []), ...rest];
  }

  private nodeText(node: Node): string {
    const { lane, residents, gated, started } = node;
    if (!node.alive) return 'crashed';
    const [writer, sealer, ownership] = lane.inspect() as [Value, [Value[], Value[]], Value];
    let sealed = '';
    for (const list of sealer) {
      sealed += UNORDERED;
      for (const each of list) sealed += `${this.text(each)}${UNORDERED}`;
    }
    if (lane.dead) return `dead${sealed}`;
    const waiting = gated.map(
      (each) => `${each.ticket - lane.released}${each.agent}${each.kind}${each.state.join('.')} ${each.seenAtStart.join('.')}`,
    );
    const memory = residents.map((resident) => residentText(resident, lane.released)).join('&');
    return `${this.text(writer)}${this.text(ownership)}${memory}|${started}|${waiting.join()}${sealed}`;
  }

  private pendingText({ node, request, orphan, answer }: Pending): string {
    const what = this.requestText(request);
    if (orphan) return what;
    const given =
      answer?.kind === 'last' ? `last ${this.batchOf(answer.entry?.bytes)}` : this.text(answer === undefined ? null : Object.values(answer));
    return `@${node} ${what} ${given}`;
  }

  private requestText(request: Pending['request']): string {
    switch (request.kind) {
      case 'append':
        return `append @${laneNumber(request.lane)} ${this.batchOf(request.bytes)} ${request.expected}`;
      case 'last':
        return `last @${laneNumber(request.lane)}`;
      case 'update':
        return `update ${agentNumber(request.agent)} ${this.text(entryValue(request.entry))} ${request.expected}`;
      case 'trim':
        return `trim @${laneNumber(request.lane)} ${request.below}`;
      case 'get':
      case 'recover':
        return `${request.kind} ${agentNumber(request.agent)}`;
    }
  }

  private laneText(lane: StoredLane): string {
    return `lane ${lane.sequence}:${lane.entries.map(({ sequence, bytes }) => `${sequence}=${this.batchOf(bytes)}`).join()}`;
  }

  /** A batch without the name of its lane: what it holds, and the batch before it. */
  private batchOf(bytes: Uint8Array | undefined): number {
    if (bytes === undefined) return -1;
    const known = this.batchOfBytes.get(bytes);
    if (known !== undefined) return known;
    const { kind, number, previous, records } = decodeBatch(bytes);
    const content = records.map(({ agent, epoch, position, body }) => [agentNumber(agent), epoch, position, body[0]].join('.'));
    const shape = this.number(`batch ${kind} ${number} ${this.hashOf(previous)} ${content.join()}`);
    this.batches.set(keyOfHash(hash(bytes)), shape);
    this.batchOfBytes.set(bytes, shape);
    return shape;
  }

  private hashOf(bytes: Uint8Array): number {
    const known = this.batchOfHash.get(bytes);
    if (known !== undefined) return known;
    const shape = this.batches.get(keyOfHash(bytes));
    // Every batch is seen as a request before anything can name its hash.
    if (shape === undefined) throw new Error('a hash of no known batch');
    this.batchOfHash.set(bytes, shape);
    return shape;
  }

  private text(value: unknown): string {
    if (typeof value === 'string') return value.startsWith('main/') ? `@${laneNumber(value as Lane['id'])}` : value;
    if (value === null || typeof value !== 'object') return String(value);
    if (value instanceof Uint8Array) return value.length === NO_HASH.length ? `#${this.hashOf(value)}` : value.join('.');
    let text = '[';
    for (const each of value as readonly unknown[]) text += `${this.text(each)},`;
    return `${text}]`;
  }

  private shapeOf(part: { shape: number }, textOf: () => string): number {
    if (part.shape === 0) part.shape = this.number(textOf());
    return part.shape;
  }

  private directoryNumber(directory: readonly DirectoryEntry[]): number {
    const known = this.directories.get(directory);
    if (known !== undefined) return known;
    const number = this.number(directory.map((entry) => this.text(entryValue(entry))).join('/'));
    this.directories.set(directory, number);
    return number;
  }

  private number(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const next = this.texts.length;
    this.numbers.set(text, next);
    this.texts.push(text);
    return next;
  }

  private rename(number: number, at: number): number {
    const renamed = this.renamed[at] as number[];
    const known = renamed[number];
    if (known !== undefined) return known;
    const names = this.names[at] as Names;
    const text = (this.texts[number] as string).replace(/@(\d)/g, (_, node) => names[Number(node)] as string);
    const [ordered, ...unordered] = text.split(UNORDERED);
    const made = this.number(`named ${[ordered, ...unordered.sort()].join(UNORDERED)}`);
    renamed[number] = made;
    return made;
  }
}

function residentText({ state, acknowledged, latest, earlier, written, seenAtClaim }: Resident, released: number): string {
  const captured = earlier === undefined ? '' : `${earlier.state.join('.')} ${earlier.batch}`;
  const after = Math.max(0, written - released);
  return `${state?.join('.')}|${acknowledged.join('.')}|${latest.state.join('.')} ${latest.batch}|${captured}|${after}|${seenAtClaim.join('.')}`;
}

/** A lane's state as text, for telling whether it changed. */
export function stateText(lane: Lane): string {
  const text = (value: unknown): string => (Array.isArray(value) ? `[${value.map(text).join()}]` : String(value));
  return text(lane.inspect());
}

function keyOfHash(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 16));
}

function ascending(order: readonly number[], looks: readonly number[]): boolean {
  for (let at = 1; at < order.length; at += 1) {
    if ((looks[order[at - 1] as number] as number) > (looks[order[at] as number] as number)) return false;
  }
  return true;
}

function isLess(one: readonly number[], other: readonly number[]): boolean {
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return (one[at] as number) < (other[at] as number);
  return false;
}

function permutations(items: readonly number[]): readonly (readonly number[])[] {
  if (items.length <= 1) return [items];
  return items.flatMap((first) => permutations(items.filter((item) => item !== first)).map((rest) => [first, ...rest]));
}
