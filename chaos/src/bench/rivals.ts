/** Which of the other systems a row is compared with: the best of those that promise what the row promises. */
import { compared, type Row, rowOf, type Samples } from './row.js';

/** What a peer's program reports. */
export interface Measured extends Samples {
  readonly name: string;
  /** `fsync`: on the disks of a majority before the answer. `local`: fsynced before the answer. `unsynced`: written, lost with the machine. `memory`: lost with the process. `none`: changes nothing. */
  readonly level: 'fsync' | 'local' | 'unsynced' | 'memory' | 'none';
}

interface Rivalry {
  readonly row: string;
  /** At the same level of durability. */
  readonly equals: readonly string[];
  /** Below it: shown, but never the measure. */
  readonly weaker?: readonly string[];
}

const DURABLE = ['peer.effect.persisted', 'peer.effect.persisted.all', 'peer.langgraph.sqlite.full'];
const IN_MEMORY = ['peer.langgraph.memory', 'peer.rivet.memory'];
const READS = ['peer.effect.ask', 'peer.rivet.ask'];

const RIVALRIES: readonly Rivalry[] = [
  { row: 'turn.memory', equals: IN_MEMORY },
  { row: 'turn.memory.calls', equals: IN_MEMORY },
  { row: 'turn.local', equals: DURABLE, weaker: ['peer.langgraph.sqlite', 'peer.rivet.save'] },
  { row: 'turn.local.calls', equals: DURABLE },
  {
    row: 'turn.local.sequential',
    equals: ['peer.effect.persisted.sequential', 'peer.langgraph.sqlite.full.sequential'],
    weaker: ['peer.langgraph.sqlite.sequential', 'peer.rivet.save.sequential', 'peer.langgraph.memory.sequential'],
  },
  { row: 'turn.r3.fsync', equals: ['peer.restate.talking'] },
  { row: 'call.r3', equals: ['peer.restate.call'] },
  { row: 'call.r3.coalesced', equals: ['peer.restate.call'] },
  { row: 'call.r3.sequential', equals: ['peer.restate.call.sequential'] },
  { row: 'turn.hot', equals: ['peer.restate.hot', 'peer.effect.persisted.hot', 'peer.langgraph.sqlite.full'] },
  { row: 'ask.local.outside', equals: READS },
  { row: 'ask.local', equals: READS },
  // States. A put has no root and a clone no history, so these rivals do less than the rows they are compared with.
  { row: 'checkpoint.sealed', equals: ['peer.automerge.change', 'peer.langgraph.memory.put'], weaker: ['peer.langgraph.sqlite.put'] },
  { row: 'branch', equals: ['peer.automerge.clone', 'peer.langgraph.memory.fork'], weaker: ['peer.langgraph.sqlite.fork'] },
  { row: 'merge', equals: ['peer.automerge.merge'] },
  { row: 'diff', equals: ['peer.automerge.diff'] },
  { row: 'restore.memory', equals: ['peer.automerge.view', 'peer.langgraph.memory.get'], weaker: ['peer.langgraph.sqlite.get'] },
  { row: 'write', equals: ['peer.immer', 'peer.mutative', 'peer.immutable'] },
  {
    row: 'bytes.per.checkpoint',
    equals: ['peer.automerge.bytes', 'peer.langgraph.memory.bytes', 'peer.langgraph.sqlite.bytes'],
    weaker: ['peer.automerge.saved.bytes'],
  },
];

/** Our rows with the best rival each, then the peers' rows, each compared with ours. */
export function withRivals({ rows, measured }: { readonly rows: readonly Row[]; readonly measured: readonly Measured[] }): readonly Row[] {
  const peers = new Map(
    measured.map((each) => [keyOf(each), { ...each, row: rowOf({ ...each, note: `${each.name}; level ${each.level}; ${each.note}` }) }]),
  );
  const ours = rows.map((row) => {
    const equals = RIVALRIES.find((rivalry) => rivalry.row === row.id)?.equals ?? [];
    const comparisons = equals.flatMap((id) => {
      const peer = peers.get(keyOf({ ...row, id }));
      if (peer === undefined || row.n === 0 || peer.row.n === 0) return [];
      return [compared(row, peer.row, `${peer.name}: ${peer.row.p50.toLocaleString('en-US')} ${peer.row.unit}, level ${peer.level}`)];
    });
    // The best rival is the one that leaves the smallest ratio.
    return comparisons.sort((one, other) => (one.ratio ?? 0) - (other.ratio ?? 0))[0] ?? row;
  });
  const theirs = [...peers.values()].map(({ id, state, row }) => {
    const match = RIVALRIES.find(({ equals, weaker = [] }) => equals.includes(id) || weaker.includes(id))?.row;
    const our = rows.find((each) => each.id === match && each.state === state);
    return our === undefined ? row : compared(row, our);
  });
  return [...ours, ...theirs];
}

/** Only what was measured of the same state is compared. */
function keyOf({ id, state = '' }: Pick<Row, 'id' | 'state'>): string {
  return `${id} ${state}`;
}
