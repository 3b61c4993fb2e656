/** What everybody has who has no versions: a copy of the whole by the platform's `structuredClone`. */
import { compared, type Row, rowOf } from '../../row.js';
import type { Run } from '../../scene.js';
import { eachUs } from './stopwatch.js';
import type { Subject } from './subject.js';

export function copyRow({ name, tree }: Subject, { plan, conditions }: Run): Row {
  const value = structuredClone(tree.value());
  const prepare = () => value;
  const samples = eachUs(plan.copies, prepare, (whole) => structuredClone(whole));
  return rowOf({ id: 'peer.structured-clone', state: name, unit: 'µs', samples, note: `a copy of the whole, which has no root; ${conditions}` });
}

/** The row, compared with a copy that is made in the same run. */
export function besideCopy(row: Row, copied: Row): Row {
  return compared(row, copied, `structuredClone: ${copied.p50.toLocaleString('en-US')} µs`);
}
