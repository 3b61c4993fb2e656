/**
 * A dumb fold: changes applied to plain copies of plain values. It shares no code with the tree that it judges, but for the hash of the
 * result (I14, G8).
 */
import type { Path, Value } from '@skep/kernel';
import type { RecordEdit } from '@skep/protocol';
import { treeOf } from '@skep/state';
import type { AgentLedger, Ledger } from './ledger.js';
import { type PastState, type ShownEvent, sameValue } from './operation.js';
import { type Broken, broken } from './violation.js';

type Plain = null | boolean | number | string | Uint8Array | Date | Plain[] | { [key: string]: Plain };

export interface Fold {
  /** States by version, from 0. */
  readonly states: readonly Value[];
  readonly problem: string | undefined;
}

export type Folds = ReadonlyMap<string, Fold>;

export interface LiveAgent {
  readonly agent: string;
  readonly version: number;
  readonly value: Value;
  readonly root: string;
}

export function foldAll(ledger: Ledger): Folds {
  return new Map([...ledger].map(([agent, one]) => [agent, naiveFold(one)]));
}

export function naiveFold({ initial, records }: AgentLedger): Fold {
  let state = copyOf(initial);
  const states: Value[] = [copyOf(initial)];
  try {
    for (const { record } of records) {
      if (record.kind !== 'turn') continue;
      const edits = record.events.flatMap((event) => event.edits);
      for (const edit of edits) state = applied(state, edit);
      if (edits.length > 0) states.push(copyOf(state));
    }
  } catch (error) {
    return { states, problem: error instanceof Error ? error.message : String(error) };
  }
  return { states, problem: undefined };
}

export function rootOf(value: Value): string {
  return treeOf(value).root();
}

/** What a node holds or brought back is the fold of its log. */
export function checkLive(folds: Folds, live: readonly LiveAgent[], when: string): readonly Broken[] {
  const found: Broken[] = [];
  for (const { agent, version, value, root } of live) {
    const fold = folds.get(agent);
    const newest = (fold?.states.length ?? 1) - 1;
    const state = fold?.states[version];
    if (fold?.problem !== undefined) found.push(broken('I14', `${agent}: its log cannot be folded: ${fold.problem}`));
    if (version !== newest) found.push(broken('I14', `${when} ${agent} is at version ${version}, its log ends at ${newest}`));
    if (state === undefined) continue;
    if (!sameValue(state, value)) found.push(broken('I14', `${when} ${agent} differs at version ${version}: ${text(value)} is not ${text(state)}`));
    if (rootOf(state) !== root) found.push(broken('I14', `${when} ${agent} has another root than the fold at version ${version}`));
  }
  return found;
}

/** Past states and events, as they were shown, are those of the log. */
export function checkPast(ledger: Ledger, folds: Folds, past: readonly PastState[], events: readonly ShownEvent[]): readonly Broken[] {
  const found: Broken[] = [];
  for (const { agent, version, value } of past) {
    const state = folds.get(agent)?.states[version];
    if (state === undefined) found.push(broken('I1', `${agent}: version ${version} was shown and does not exist`));
    else if (!sameValue(state, value)) found.push(broken('I1', `${agent}: another state was shown as version ${version}`));
  }
  for (const { agent, position, version, type } of events) {
    const record = ledger.get(agent)?.records[position - 1]?.record;
    const same = record?.kind === 'turn' && record.version === version && record.events.some((event) => event.type === type);
    if (!same) found.push(broken('I1', `${agent}: history showed ${type} as record ${position}, version ${version}; the log has no such event`));
  }
  return found;
}

function applied(state: Plain, edit: RecordEdit): Plain {
  const { path } = edit;
  const key = path[path.length - 1];
  if (key === undefined) {
    if (edit.kind === 'delete') throw new Error('an edit deletes everything');
    return copyOf(edit.new);
  }
  const container = containerAt(state, path);
  if (Array.isArray(container)) {
    const at = Number(key);
    if (edit.kind === 'delete') container.splice(at, 1);
    else container.splice(at, edit.kind === 'create' ? 0 : 1, copyOf(edit.new));
  } else if (edit.kind === 'delete') delete container[key];
  else Object.defineProperty(container, key, { value: copyOf(edit.new), enumerable: true, writable: true, configurable: true });
  return state;
}

function containerAt(state: Plain, path: Path): Plain[] | { [key: string]: Plain } {
  let at: Plain | undefined = state;
  for (const step of path.slice(0, -1)) at = (at as { [key: string | number]: Plain })[step];
  if (typeof at !== 'object' || at === null || at instanceof Uint8Array || at instanceof Date) {
    throw new Error(`an edit goes to ${path.join('.')}, where nothing can be changed`);
  }
  return at;
}

function copyOf(value: Value): Plain {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return value.slice();
  if (value instanceof Date) return new Date(value);
  if (Array.isArray(value)) return value.map(copyOf);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyOf(each)]));
}

function text(value: Value): string {
  return JSON.stringify(value).slice(0, 300);
}
