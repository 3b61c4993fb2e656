/**
 * Which blobs hold an agent's versions. Packed, as nearly every agent has some: a blob is a row in arrays of numbers and bytes, 52 bytes long,
 * and an agent has a place in one map.
 */
import { fromHex, type HashHex, toHex } from '@skep/kernel';

export interface ColdBlob {
  readonly address: HashHex;
  /** The oldest and the newest version in it; which of those between are, it says itself. */
  readonly from: number;
  readonly to: number;
}

const ADDRESS_BYTES = 32;
const NO_ROW = -1;
/** Rows are added by an eighth of those there are, so that few of them are empty. */
const GROWTH = 1 / 8;
const ROWS_MIN = 64;

export class ColdIndex {
  /** The row of each agent's newest blob. */
  private readonly newest = new Map<string, number>();
  private addresses = new Uint8Array(0);
  private froms = new Float64Array(0);
  private tos = new Float64Array(0);
  /** The row of the agent's blob before it. Rows that are free follow each other the same way. */
  private before = new Int32Array(0);
  private free = NO_ROW;

  /** Rows there is room for. */
  get rows(): number {
    return this.before.length;
  }

  /** The newest first. */
  get(agent: string): readonly ColdBlob[] {
    const blobs: ColdBlob[] = [];
    for (let row = this.newest.get(agent) ?? NO_ROW; row !== NO_ROW; row = this.before[row] as number) {
      const address = toHex(this.addresses.subarray(row * ADDRESS_BYTES, (row + 1) * ADDRESS_BYTES)) as HashHex;
      blobs.push({ address, from: this.froms[row] as number, to: this.tos[row] as number });
    }
    return blobs;
  }

  /** @param blobs all of the agent's, the newest first */
  set(agent: string, blobs: readonly ColdBlob[]): void {
    for (let row = this.newest.get(agent) ?? NO_ROW; row !== NO_ROW; ) {
      const before = this.before[row] as number;
      this.before[row] = this.free;
      this.free = row;
      row = before;
    }
    let newest = NO_ROW;
    for (const blob of blobs.toReversed()) newest = this.add(blob, newest);
    if (newest === NO_ROW) this.newest.delete(agent);
    else this.newest.set(agent, newest);
  }

  private add({ address, from, to }: ColdBlob, before: number): number {
    if (this.free === NO_ROW) this.grow();
    const row = this.free;
    this.free = this.before[row] as number;
    this.addresses.set(fromHex(address), row * ADDRESS_BYTES);
    this.froms[row] = from;
    this.tos[row] = to;
    this.before[row] = before;
    return row;
  }

  private grow(): void {
    const { rows: length } = this;
    const rows = length + Math.max(ROWS_MIN, Math.ceil(length * GROWTH));
    this.addresses = extended(this.addresses, new Uint8Array(rows * ADDRESS_BYTES));
    this.froms = extended(this.froms, new Float64Array(rows));
    this.tos = extended(this.tos, new Float64Array(rows));
    this.before = extended(this.before, new Int32Array(rows));
    for (let row = length; row < rows; row += 1) this.before[row] = row + 1 < rows ? row + 1 : NO_ROW;
    this.free = length;
  }
}

function extended<Numbers extends Uint8Array | Int32Array | Float64Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
