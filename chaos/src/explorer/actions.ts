/** Everything that can happen next in a world: each action makes a new world and leaves the old one as it was. */
import { SkepError } from '@skep/kernel';
import type { Answer, Settling } from '@skep/lane';
import type { Left } from './budget.js';
import { stateText } from './shapes.js';
import { decodedLabel, readDirectory, withSnapshot } from './storage.js';
import { AGENT, type Node, type Pending, type Released, type World, writeTo } from './world.js';

export interface Action {
  readonly label: () => string;
  /** Undefined when it changes nothing but the budget: all that could follow can follow without it. */
  readonly next: () => World | undefined;
}

const REFUSED: Answer = { kind: 'failed', error: new SkepError('disk-full', { message: 'the disk is full' }) };

export function actionsOf(world: World): readonly Action[] {
  const actions: Action[] = [];
  for (let index = 0; index < world.nodes.length; index += 1) {
    const node = world.nodes[index] as Node;
    if (!node.alive) continue;
    if (!node.lane.dead && mayAct(world, index)) nodeActions(world, index, actions);
    if (node.started && world.left.crashes > 0) actions.push(crash(world, index));
  }
  for (let at = 0; at < world.pending.length; at += 1) pendingActions(world, at, actions);
  return actions;
}

/** On an exclusive log one node lives after another, or one incarnation of it. */
function mayAct(world: World, index: number): boolean {
  return world.setting.budget.log === 'shared' || world.nodes.every((other, at) => at === index || !other.started || !other.alive || other.lane.dead);
}

function nodeActions(world: World, index: number, actions: Action[]): void {
  const node = world.nodes[index] as Node;
  const held = node.lane.holds(AGENT);
  const spend = (what: keyof Left, label: string, act: (node: Node, next: World) => void): void => {
    if (world.left[what] > 0) actions.push(spending(world, { what, index, label, act }));
  };
  if (!held) spend('claims', 'claims', ({ lane }) => lane.claim(AGENT));
  else {
    spend('writes', `writes ${world.nextWrite}`, (each, next) => writeTo(each, next, next.nextWrite));
    spend('reads', 'reads', read);
    spend('settles', 'settles', (each, next) => void each.lane.settle(AGENT, settling(newest(each), next)));
    const { earlier } = node;
    if (earlier !== undefined) spend('settles', 'settles what it had before', (each, next) => void each.lane.settle(AGENT, settling(earlier, next)));
    spend('frees', 'frees', (each, next) => void each.lane.free(AGENT, settling(newest(each), next)));
  }
  if (node.lane.inFlight !== undefined) spend('expiries', 'gives its lane up', ({ lane }) => lane.expire());
  spend('traffic', 'writes for another agent', ({ lane }) => {
    lane.barrier(0);
    lane.flush();
  });
  for (const other of world.nodes) {
    const { id } = other.lane;
    if (id === node.lane.id) continue;
    if (node.lane.sealOf(id) === undefined) spend('seals', `seals ${id}`, ({ lane }) => lane.seal(id));
    else if (held && settledHere(world, node)) spend('trims', `retires ${id}`, ({ lane }) => lane.retire(id));
  }
  spend('trims', 'trims', ({ lane }) => lane.trim());
}

interface Spending {
  readonly what: keyof Left;
  readonly index: number;
  readonly label: string;
  readonly act: (node: Node, next: World) => void;
}

function spending(world: World, { what, index, label, act }: Spending): Action {
  return {
    label: () => `n${index} ${label}`,
    next: () => {
      const next = world.clone();
      const node = next.touch(index);
      act(node, next);
      next.left[what] -= 1;
      next.drain(index);
      const before = world.nodes[index] as Node;
      if (
        next.pending === world.pending &&
        next.seen === world.seen &&
        before.gated === node.gated &&
        stateText(before.lane) === stateText(node.lane)
      )
        return undefined;
      return next.finish(world);
    },
  };
}

function read(node: Node, world: World): void {
  const ticket = node.lane.barrier(node.written);
  const gated = { ticket, kind: 'read', state: node.state ?? [], seenAtStart: world.seen } as const;
  if (ticket <= node.lane.released) return world.tell(gated);
  node.gated = [...node.gated, gated];
  node.lane.flush();
}

function newest(node: Node): Released {
  return { state: node.acknowledged, batch: node.lane.acknowledgedBatch };
}

function settling({ state, batch }: Released, world: World): Settling {
  const { storage, blob } = withSnapshot(world.storage, state);
  world.storage = storage;
  return { snapshot: { position: state.length, version: state.length, blob }, batch, wake: false, tombstone: false };
}

/** By the node's own knowledge no trail names another lane any more: the one agent there is, is settled in this lane. */
function settledHere(world: World, node: Node): boolean {
  const entry = world.storage.directory[world.storage.directory.length - 1];
  return entry !== undefined && entry.owner === node.lane.id && entry.trail.length === 0;
}

function crash(world: World, index: number): Action {
  return {
    label: () => `n${index} crashes`,
    next: () => {
      const next = world.clone();
      next.left.crashes -= 1;
      next.nodes[index] = { ...(next.nodes[index] as Node), alive: false, state: undefined, gated: [], shape: 0 };
      return next.finish(world);
    },
  };
}

function pendingActions(world: World, at: number, actions: Action[]): void {
  const pending = world.pending[at] as Pending;
  const { request, node, answer } = pending;
  const step = (label: string, act: (next: World) => void): void => {
    actions.push({
      label: () => `n${node}'s ${nameOf(pending)} ${label}`,
      next: () => {
        const next = world.clone();
        act(next);
        return next.finish(world);
      },
    });
  };
  const answered = (next: World, given: Answer, left: readonly Pending[] = next.pendingBut(at, undefined)): void => {
    if (!('request' in request)) return;
    next.pending = left;
    next.touch(node).lane.answer(request.request, given);
    next.drain(node);
  };
  if (request.kind === 'get') return directoryReads(world, step, answered);
  const mayRefuse = world.left.refusals > 0 && !pending.orphan && answer === undefined && request.kind !== 'last';
  if (mayRefuse) {
    step('is refused', (next) => {
      next.left.refusals -= 1;
      answered(next, REFUSED);
    });
  }
  if (request.kind === 'recover') return step('ends', (next) => answered(next, next.recover(next.nodes[node] as Node, request)));
  if (answer !== undefined) step(`is answered ${answer.kind}`, (next) => answered(next, answer));
  else {
    step('takes effect', (next) => {
      const given = next.execute(request);
      next.pending = next.pendingBut(at, pending.orphan ? undefined : { answer: given });
      if (given.kind === 'updated' && !pending.orphan) next.nodes[node] = { ...(next.nodes[node] as Node), seenAtClaim: next.seen, shape: 0 };
    });
  }
  if (pending.orphan || request.kind === 'last' || world.left.timeouts === 0) return;
  step('times out', (next) => {
    next.left.timeouts -= 1;
    const late = next.pendingBut(at, answer === undefined ? { orphan: true } : undefined);
    answered(next, { kind: 'unknown' }, late);
  });
}

function directoryReads(
  world: World,
  step: (label: string, act: (next: World) => void) => void,
  answered: (next: World, given: Answer) => void,
): void {
  const newestRevision = world.storage.directory.length;
  const oldest = world.left.staleReads > 0 ? 0 : newestRevision;
  for (let revision = oldest; revision <= newestRevision; revision += 1) {
    step(`reads revision ${revision}`, (next) => {
      if (revision < newestRevision) next.left.staleReads -= 1;
      answered(next, readDirectory(next.storage, revision));
    });
  }
}

function nameOf({ request }: Pending): string {
  if (request.kind === 'append') return `append of ${decodedLabel(request.bytes)} to ${request.lane}`;
  if (request.kind === 'update') return `${request.entry.free ? 'free' : 'claim or settling'} at revision ${request.expected}`;
  return request.kind;
}
