/** Everything that can happen next in a world: each action makes a new world and leaves the old one as it was. */
import { type AgentId, SkepError } from '@skep/kernel';
import type { Answer, Settling } from '@skep/lane';
import type { Left } from './budget.js';
import { RECEIVER, SENDER, sendOf, sentIn, takenIn, takenOf, takeOf, takesIn } from './messages.js';
import { stateText } from './shapes.js';
import { AGENTS, agentNumber, decodedLabel, newestRevision, readDirectory, withSnapshot } from './storage.js';
import { changeResident, type Node, type Pending, type Released, type Resident, type World, writeTo } from './world.js';

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
  const spend: Spend = (what, label, act) => {
    if (world.left[what] > 0) actions.push(spending(world, { what, index, label, act }));
  };
  for (let agent = 0; agent < node.residents.length; agent += 1) agentActions(world, node, agent, spend);
  if (node.residents.length > 1) messageActions(world, index, actions);
  if (node.lane.inFlight !== undefined) spend('expiries', 'gives its lane up', ({ lane }) => lane.expire());
  spend('traffic', 'writes for a stranger', ({ lane }) => {
    lane.barrier(0);
    lane.flush();
  });
  for (const other of world.nodes) {
    const { id } = other.lane;
    if (id === node.lane.id) continue;
    if (node.lane.sealOf(id) === undefined) spend('seals', `seals ${id}`, ({ lane }) => lane.seal(id));
    else if (settledHere(world, node)) spend('trims', `retires ${id}`, ({ lane }) => lane.retire(id));
  }
  spend('trims', 'trims', ({ lane }) => lane.trim());
}

type Spend = (what: keyof Left, label: string, act: (node: Node, next: World) => void) => void;

function agentActions(world: World, node: Node, agent: number, spend: Spend): void {
  const id = AGENTS[agent] as AgentId;
  const of = node.residents.length === 1 ? '' : ` ${'ab'[agent]}`;
  if (!node.lane.holds(id)) return spend('claims', `claims${of}`, ({ lane }) => lane.claim(id));
  const { earlier } = node.residents[agent] as Resident;
  const settle = (label: string, what: (each: Node) => Released): void =>
    spend('settles', label, (each, next) => void each.lane.settle(id, settling(what(each), next)));
  spend('writes', `writes ${world.nextWrite}${of}`, (each, next) => writeTo(each, next, { agent, value: next.nextWrite, kind: 'write' }));
  if (agent === SENDER) {
    spend('sends', 'sends', (each, next) => {
      const sequence = sentIn((each.residents[agent] as Resident).state ?? []) + 1;
      writeTo(each, next, { agent, value: sendOf(sequence), kind: 'write' });
    });
  }
  spend('reads', `reads${of}`, (each, next) => read(each, agent, next));
  settle(`settles${of}`, (each) => newest(each, agent));
  if (earlier !== undefined) settle(`settles what it had before${of}`, () => earlier);
  spend('frees', `frees${of}`, (each, next) => void each.lane.free(id, settling(newest(each, agent), next)));
}

/** What the nodes of two agents tell each other: from memory where both are on one node, else what was posted. */
function messageActions(world: World, index: number, actions: Action[]): void {
  const { takes } = world.setting.messages;
  const node = world.nodes[index] as Node;
  const [sender, receiver] = node.residents.map(({ state }, agent) => (node.lane.holds(AGENTS[agent] as AgentId) ? state : undefined));
  const note = (label: string, agent: number, value: number): void => {
    actions.push({
      label: () => `n${index} ${label}`,
      next: () => {
        const next = world.clone();
        writeTo(next.touch(index), next, { agent, value, kind: 'note' });
        next.drain(index);
        return next.finish(world);
      },
    });
  };
  if (receiver !== undefined) {
    const arrived = Math.max(world.posted, sender === undefined ? 0 : sentIn(sender));
    for (let sequence = 1; sequence <= arrived; sequence += 1) {
      if (takes(sequence, takesIn(receiver))) note(`takes message ${sequence}`, RECEIVER, takeOf(sequence));
    }
  }
  if (sender !== undefined) {
    const next = takenIn(sender) + 1;
    const told = Math.max(world.known, receiver === undefined ? 0 : takesIn(receiver));
    if (next <= told) note(`hears that message ${next} was taken`, SENDER, takenOf(next));
  }
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

function read(node: Node, agent: number, world: World): void {
  const { written, state } = node.residents[agent] as Resident;
  const ticket = node.lane.barrier(written);
  const gated = { ticket, agent, kind: 'read', state: state ?? [], seenAtStart: world.seen[agent] as readonly number[] } as const;
  if (ticket <= node.lane.released) return world.tell(gated);
  node.gated = [...node.gated, gated];
  node.lane.flush();
}

function newest({ residents, lane }: Node, agent: number): Released {
  return { state: (residents[agent] as Resident).acknowledged, batch: lane.acknowledgedBatch };
}

function settling({ state, batch }: Released, world: World): Settling {
  const { storage, blob } = withSnapshot(world.storage, state);
  world.storage = storage;
  return { snapshot: { position: state.length, version: state.length, blob }, batch, wake: false, tombstone: false };
}

/** By the node's own knowledge no trail names another lane any more: all agents there are, are settled in this lane. */
function settledHere(world: World, node: Node): boolean {
  return world.storage.directories.every((directory, agent) => {
    const entry = directory[directory.length - 1];
    return node.lane.holds(AGENTS[agent] as AgentId) && entry !== undefined && entry.owner === node.lane.id && entry.trail.length === 0;
  });
}

function crash(world: World, index: number): Action {
  return {
    label: () => `n${index} crashes`,
    next: () => {
      const next = world.clone();
      next.left.crashes -= 1;
      const { residents, ...crashed } = next.nodes[index] as Node;
      const nobody = residents.map((each) => ({ ...each, state: undefined }));
      next.nodes[index] = { ...crashed, alive: false, residents: nobody, gated: [], shape: 0 };
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
  if (request.kind === 'get') return directoryReads(world, agentNumber(request.agent), step, answered);
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
      if (given.kind === 'updated' && !pending.orphan && request.kind === 'update') {
        const agent = agentNumber(request.agent);
        const claiming = { ...(next.nodes[node] as Node), shape: 0 };
        changeResident(claiming, agent, { seenAtClaim: next.seen[agent] as readonly number[] });
        next.nodes[node] = claiming;
      }
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
  agent: number,
  step: (label: string, act: (next: World) => void) => void,
  answered: (next: World, given: Answer) => void,
): void {
  const newestOne = newestRevision(world.storage, agent);
  const oldest = world.left.staleReads > 0 ? 0 : newestOne;
  for (let revision = oldest; revision <= newestOne; revision += 1) {
    step(`reads revision ${revision}`, (next) => {
      if (revision < newestOne) next.left.staleReads -= 1;
      answered(next, readDirectory(next.storage, agent, revision));
    });
  }
}

function nameOf({ request }: Pending): string {
  if (request.kind === 'append') return `append of ${decodedLabel(request.bytes)} to ${request.lane}`;
  if (request.kind === 'update') return `${request.entry.free ? 'free' : 'claim or settling'} at revision ${request.expected}`;
  return request.kind;
}
