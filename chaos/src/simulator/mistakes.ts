/**
 * Mistakes planted on purpose, each of which the simulator has to find. They are put in from outside: a rule of the lane replaced, a port
 * wrapped, a method of one node replaced, or a method of a class for the time of one run. Nothing of them is in the product.
 */
import { ActorState } from '@skep/actor';
import { hashHexOf, type Value } from '@skep/kernel';
import { RULES, type Rules } from '@skep/lane';
import type { Blob, Ports } from '@skep/ports';
import { LaneDriver, type SkepNode } from '@skep/runtime';
import type { StoreOptions } from '@skep/simulated';
import { forgetfulSnapshots, staleExistence, staleTails } from './planted.js';

export interface SeedMistake {
  readonly name: string;
  /** The rule or guarantee that it breaks. */
  readonly rule: string;
  readonly store?: NonNullable<StoreOptions['mistakes']>;
  readonly rules?: Partial<Rules>;
  readonly ports?: (ports: Ports) => Ports;
  readonly node?: (node: SkepNode) => void;
  /** Changes shared code for the time of a run; returns the function that undoes it. */
  readonly install?: () => () => void;
}

const EVERYTHING = Number.MAX_SAFE_INTEGER;
const NO_OPERATIONS = new ActorState('' as never, undefined as never).replies.toValue();

export const SEED_MISTAKES: readonly SeedMistake[] = [
  { name: 'the disk acknowledges before its sync', rule: 'G1', store: { ackBeforeFsync: true } },
  {
    name: 'replies and messages leave before their batch is acknowledged',
    rule: 'L6',
    node: ({ host }) => {
      host.released(EVERYTHING);
      host.released = () => undefined;
    },
  },
  {
    name: 'a read does not wait for what it saw',
    rule: 'L7',
    node: ({ host }) => {
      host.barrier = () => Promise.resolve();
    },
  },
  {
    name: 'an append of unknown outcome counts as written',
    rule: 'L8',
    rules: { settle: (inDoubt, last) => (last === undefined ? RULES.settle(inDoubt, last) : 'committed') },
  },
  {
    name: 'a recomposed batch taken for the first one',
    rule: 'L8',
    rules: {
      resendsSameBytes: () => false,
      settle: (inDoubt, last) => {
        const decided = RULES.settle(inDoubt, last);
        return decided === 'corrupt' && last?.batch.number === inDoubt.number ? 'committed' : decided;
      },
    },
  },
  { name: 'a claim that forgets earlier lanes', rule: 'L5', rules: { extendTrail: (_, closed) => [closed] } },
  {
    name: 'a trail of lanes instead of ranges',
    rule: 'L5',
    rules: { extendTrail: (trail, closed) => [...trail, { ...closed, from: 1 }] },
  },
  {
    name: 'believing a read after an unknown free',
    rule: 'L3',
    rules: { holdsAfterUnknownFree: (entry, lane) => entry.owner === lane },
  },
  { name: 'a snapshot is named before it is stored', rule: 'L5', ports: (ports) => ({ ...ports, blob: new HastyBlob(ports.blob) }) },
  { name: 'a stale read of a lane taken for all of it', rule: 'L11', install: () => staleTails(LaneDriver) },
  { name: 'a stale read of the directory believed', rule: 'L3', install: () => staleExistence(LaneDriver) },
  {
    name: 'operation ids are not remembered',
    rule: 'G4',
    install: () => {
      const { apply } = ActorState.prototype;
      ActorState.prototype.apply = function forgetful(record, tree) {
        if (record.kind !== 'turn' || record.rest.reply === undefined) return apply.call(this, record, tree);
        const { reply, ...rest } = record.rest;
        return apply.call(this, { ...record, rest }, tree);
      };
      return () => {
        ActorState.prototype.apply = apply;
      };
    },
  },
  {
    name: 'a resumed turn forgets its last step',
    rule: 'G12',
    install: () => {
      const { apply } = ActorState.prototype;
      ActorState.prototype.apply = function forgetful(record, tree) {
        if (record.kind !== 'step') apply.call(this, record, tree);
      };
      return () => {
        ActorState.prototype.apply = apply;
      };
    },
  },
  { name: 'snapshots without operation ids', rule: 'G4', install: () => forgetfulSnapshots({ replies: NO_OPERATIONS }) },
  { name: 'snapshots without inbox cursors', rule: 'G4', install: () => forgetfulSnapshots({ cursors: [] }) },
  { name: 'snapshots without outbox', rule: 'G4', install: () => forgetfulSnapshots({ outbox: [] }) },
  { name: 'snapshots without send numbers', rule: 'G4', install: () => forgetfulSnapshots({ sent: [] }) },
  { name: 'snapshots without timers', rule: 'P4', install: () => forgetfulSnapshots({ timers: [] }) },
  { name: 'snapshots without the journalled turn', rule: 'G12', install: () => forgetfulSnapshots({ pending: null as Value }) },
];

/** Says that a blob is stored when it was only sent. */
class HastyBlob implements Blob {
  constructor(private readonly blob: Blob) {}

  async put(bytes: Uint8Array) {
    this.blob.put(bytes).catch(() => undefined);
    return hashHexOf(bytes);
  }

  get = (hash: Parameters<Blob['get']>[0]) => this.blob.get(hash);
  has = (hash: Parameters<Blob['has']>[0]) => this.blob.has(hash);
  delete = (hash: Parameters<Blob['delete']>[0]) => this.blob.delete(hash);
}
