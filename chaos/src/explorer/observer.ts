/** What clients are told, and what they must never be told. */
import { checkMessages } from './messages.js';
import { historyIn, type Storage } from './storage.js';
import { Violation } from './violation.js';

export { Violation };

/** Something that waits to leave a node: what a client will be told. */
export interface Gated {
  readonly ticket: number;
  /** Number of the agent. */
  readonly agent: number;
  /** `note`: a record about a message; whoever is told of it is the other agent. */
  readonly kind: 'write' | 'read' | 'note';
  readonly state: readonly number[];
  /** The longest history that anybody had seen when the operation began. */
  readonly seenAtStart: readonly number[];
}

/** How often each promise was put to the test in a search, so that none is kept by never being asked for. */
export interface Tally {
  acknowledgedWrites: number;
  acknowledgedReads: number;
  /** Reads that had to bring back at least one write. */
  readsOfSomething: number;
  /** Recoveries that had to bring back at least one write that a client had seen. */
  recoveriesOfSomething: number;
  recoveriesFromSnapshots: number;
  /** Histories in storage that were compared with what clients had seen. */
  historiesCompared: number;
  abortedWrites: number;
  deaths: number;
  trims: number;
  messagesTaken: number;
}

export function newTally(): Tally {
  return {
    acknowledgedWrites: 0,
    acknowledgedReads: 0,
    readsOfSomething: 0,
    recoveriesOfSomething: 0,
    recoveriesFromSnapshots: 0,
    historiesCompared: 0,
    abortedWrites: 0,
    deaths: 0,
    trims: 0,
    messagesTaken: 0,
  };
}

export function extendsHistory(longer: readonly number[], shorter: readonly number[]): boolean {
  return shorter.length <= longer.length && shorter.every((write, index) => longer[index] === write);
}

/** G3: what a client sees extends what anybody had seen when it asked, and is one history with everything seen. Returns the longest. */
export function observe({ kind, state, seenAtStart }: Gated, seen: readonly number[]): readonly number[] {
  if (!extendsHistory(state, seenAtStart)) throw new Violation(`stale ${kind}: got [${state}], [${seenAtStart}] had been seen before it began`);
  if (!extendsHistory(state, seen) && !extendsHistory(seen, state)) {
    throw new Violation(`two histories: [${state}] and [${seen}] were both acknowledged`);
  }
  return state.length > seen.length ? state : seen;
}

/** G1: a recovery brings back every write that a client had seen, each once. */
export function checkRecovered(state: readonly number[], seen: readonly number[]): void {
  if (new Set(state).size !== state.length) throw new Violation(`history counted twice: recovered [${state}]`);
  if (!extendsHistory(state, seen)) throw new Violation(`lost write: recovered [${state}], clients had seen [${seen}]`);
}

/** G1, W3: whatever happens next, what clients have seen can be found again, and nothing of which they were told that it never took effect. */
export function checkStored(
  storage: Storage,
  { seen, aborted }: { readonly seen: readonly (readonly number[])[]; readonly aborted: readonly number[] },
): void {
  const histories = seen.map((_, agent) => historyIn(storage, agent));
  for (const [agent, history] of histories.entries()) {
    const told = seen[agent] as readonly number[];
    if (!extendsHistory(history, told)) throw new Violation(`lost write: the log and the directory say [${history}], clients had seen [${told}]`);
    checkAborted(history, aborted);
  }
  const [sender, receiver] = histories;
  if (sender !== undefined && receiver !== undefined) checkMessages(sender, receiver);
}

/** W3: what was refused for certain never took effect. */
export function checkAborted(state: readonly number[], aborted: readonly number[]): void {
  const back = state.find((write) => aborted.includes(write));
  if (back !== undefined) throw new Violation(`write ${back} was refused for certain and took effect: [${state}]`);
}
