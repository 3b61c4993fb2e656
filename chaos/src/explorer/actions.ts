/** Everything that can happen next in a world: each action makes a new world and leaves the old one as it was. */
import type { Settling } from '@skep/lane';
import { AGENT, describeBytes, type Left, type Node, type Pending, type World } from './world.js';

export interface Action {
  readonly label: () => string;
  readonly next: () => World;
}

export function actionsOf(world: World): readonly Action[] {
  const actions: Action[] = [];
  for (let index = 0; index < world.nodes.length; index += 1) {
    const node = world.nodes[index] as Node;
    if (node.alive && !node.lane.dead) nodeActions(world, index, node, actions);
    if (node.alive) actions.push(...crash(world, index));
  }
  for (let at = 0; at < world.pending.length; at += 1) pendingActions(world, at, actions);
  return actions;
}

function spend(world: World, what: keyof Left, index: number, label: string, act: (node: Node, next: World) => void): Action[] {
  if (world.left[what] === 0) return [];
  return [
    {
      label: () => `n${index} ${label}`,
      next: () => {
        const next = world.clone();
        next.left[what] -= 1;
        const node = next.touch(index);
        act(node, next);
        next.drain(index);
        return next;
      },
    },
  ];
}

function nodeActions(world: World, index: number, node: Node, actions: Action[]): void {
  const held = node.lane.holds(AGENT);
  if (!held) actions.push(...spend(world, 'claims', index, 'claims', ({ lane }) => lane.claim(AGENT)));
  else {
    actions.push(...spend(world, 'writes', index, `writes ${world.nextWrite}`, (each, next) => write(each, next)));
    actions.push(...spend(world, 'reads', index, 'reads', (each, next) => read(each, next)));
    if (node.gated.length === 0 || node.acknowledged.length > 0) {
      actions.push(...spend(world, 'settles', index, 'settles', (each, next) => each.lane.settle(AGENT, settling(each, next))));
      actions.push(...spend(world, 'frees', index, 'frees', (each, next) => free(each, next)));
    }
  }
  for (const other of node.laneIds) {
    if (other === node.lane.id) continue;
    if (node.lane.sealOf(other) === undefined) actions.push(...spend(world, 'seals', index, `seals ${other}`, ({ lane }) => lane.seal(other)));
    else if (held && settledHere(world, node)) {
      actions.push(...spend(world, 'trims', index, `retires ${other}`, ({ lane }) => lane.retire(other)));
    }
  }
  actions.push(...spend(world, 'trims', index, 'trims', ({ lane }) => lane.trim()));
}

function write(node: Node, world: World): void {
  const id = world.nextWrite;
  world.nextWrite += 1;
  node.written = node.lane.write(AGENT, Uint8Array.of(id));
  node.state = [...(node.state ?? []), id];
  node.gated = [...node.gated, { ticket: node.written, kind: 'write', state: node.state, seenAtStart: world.seen }];
  node.lane.flush();
}

function read(node: Node, world: World): void {
  const ticket = node.lane.barrier(node.written);
  const gated = { ticket, kind: 'read', state: node.state ?? [], seenAtStart: world.seen } as const;
  if (ticket <= node.lane.released) return world.observe(gated);
  node.gated = [...node.gated, gated];
  node.lane.flush();
}

function settling(node: Node, world: World): Settling {
  const { acknowledged } = node.lane.standing(AGENT);
  const snapshot = { position: acknowledged, version: acknowledged, blob: world.snapshot(node.acknowledged) };
  return { snapshot, batch: node.lane.acknowledgedBatch, wake: false, tombstone: false };
}

function free(node: Node, world: World): void {
  node.lane.free(AGENT, settling(node, world));
}

/** By the node's own knowledge no trail names another lane any more: the one agent there is, is settled in this lane. */
function settledHere(world: World, node: Node): boolean {
  const entry = world.directory[world.directory.length - 1];
  return entry !== undefined && entry.owner === node.lane.id && entry.trail.length === 0;
}

function crash(world: World, index: number): Action[] {
  if (world.left.crashes === 0) return [];
  return [
    {
      label: () => `n${index} crashes`,
      next: () => {
        const next = world.clone();
        next.left.crashes -= 1;
        next.nodes[index] = { ...(next.nodes[index] as Node), alive: false, state: undefined, gated: [] };
        next.pending = next.pending.flatMap((pending) => (pending.node === index ? orphaned(pending) : [pending]));
        return next;
      },
    },
  ];
}

/** What is left of a request that nobody awaits: reads are nothing, what took effect is done. */
function orphaned(pending: Pending): Pending[] {
  const changes = pending.request.kind === 'append' || pending.request.kind === 'update';
  return changes && pending.answer === undefined ? [{ ...pending, orphan: true }] : [];
}

function pendingActions(world: World, at: number, actions: Action[]): void {
  const pending = world.pending[at] as Pending;
  const { request, node } = pending;
  const what = () => (request.kind === 'append' ? `append of ${describeBytes(request.bytes)} to ${request.lane}` : request.kind);
  const step = (label: string, act: (next: World) => void): void => {
    actions.push({
      label: () => `n${node}'s ${what()} ${label}`,
      next: () => {
        const next = world.clone();
        act(next);
        return next;
      },
    });
  };
  if (request.kind === 'get') return getActions(world, at, request, step);
  if (pending.answer === undefined) {
    step('takes effect', (next) => {
      const answer = next.execute(request);
      if (answer.kind === 'updated' && !pending.orphan) next.nodes[node] = { ...(next.nodes[node] as Node), seenAtClaim: next.seen };
      next.pending = pending.orphan ? without(next.pending, at) : replaced(next.pending, at, { ...pending, answer });
    });
  } else {
    const { answer } = pending;
    step(`is answered ${answer.kind}`, (next) => {
      next.pending = without(next.pending, at);
      next.touch(node).lane.answer(request.request, answer);
      next.drain(node);
    });
  }
  if (!pending.orphan && request.kind !== 'last' && world.left.timeouts > 0) {
    step('times out', (next) => {
      next.left.timeouts -= 1;
      next.pending = pending.answer === undefined ? replaced(next.pending, at, { ...pending, orphan: true }) : without(next.pending, at);
      next.touch(node).lane.answer(request.request, { kind: 'unknown' });
      next.drain(node);
    });
  }
}

/** A directory read is one step, since a late answer is the same as a stale one. */
function getActions(world: World, at: number, request: Pending['request'], step: (label: string, act: (next: World) => void) => void): void {
  const node = (world.pending[at] as Pending).node;
  const newest = world.directory.length;
  const oldest = world.left.staleReads > 0 ? 0 : newest;
  for (let revision = oldest; revision <= newest; revision += 1) {
    step(`reads revision ${revision}`, (next) => {
      if (revision < newest) next.left.staleReads -= 1;
      next.pending = without(next.pending, at);
      next.touch(node).lane.answer(request.request, next.execute(request, revision));
      next.drain(node);
    });
  }
}

function without(list: readonly Pending[], at: number): readonly Pending[] {
  return list.filter((_, index) => index !== at);
}

function replaced(list: readonly Pending[], at: number, item: Pending): readonly Pending[] {
  return list.map((each, index) => (index === at ? item : each));
}
