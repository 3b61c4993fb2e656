/** The end of a run: waits until all is quiet, reads everything back, before and after one more power cut, and judges. */
import { type Activation, ActorState } from '@skep/actor';
import { type AgentId, type LaneId, parseAgentId, type Value } from '@skep/kernel';
import type { LogEntry } from '@skep/ports';
import type { SkepNode } from '@skep/runtime';
import { treeOf } from '@skep/state';
import { checkAcknowledged, checkOrigin } from '../invariants/acknowledged.js';
import { checkEffects, checkEffectsRan } from '../invariants/effects.js';
import { checkExactness } from '../invariants/exactness.js';
import { agentLedger, checkBeginnings, checkLedger, type Ledger, placesOf } from '../invariants/ledger.js';
import { checkMessages, checkTokens } from '../invariants/messages.js';
import { checkLive, checkPast, foldAll, type LiveAgent } from '../invariants/naive-fold.js';
import { checkObservers, checkReads, checkWitness } from '../invariants/version-witness.js';
import { type Broken, broken } from '../invariants/violation.js';
import type { Scene } from './conduct.js';
import { checkCounters } from './counter-search.js';
import type { Outside } from './outside.js';
import type { NodeKeeper } from './recording-client.js';
import { checkStates, stepsOfTurn, swarmKinds, tokensOf } from './swarm.js';

/** Whoever keeps the nodes of a simulated world running, as the end of a run needs him. */
export interface SceneKeeper extends NodeKeeper {
  /** Starts everything, and plans what will happen to it. */
  begin(): void;
  /** Resolves when everything is up and has brought back what the dead left; returns when the last one came up, in ms of the world. */
  recovered(): Promise<number>;
  /** What nobody has done yet; empty when there is nothing. */
  waiting(): string;
  /** What the nodes and the stores do not agree about now, although nothing waits. */
  disagreements(): Promise<readonly Broken[]>;
  /** The agent where it is in memory. */
  holding(agent: AgentId): Activation | undefined;
  /** Everything loses its power at once, and starts again. */
  powerCut(): void;
}

export interface AuditParts extends Scene {
  readonly keeper: SceneKeeper;
}

export interface Live extends LiveAgent {
  readonly agent: AgentId;
  readonly position: number;
  readonly actorRoot: string;
}

const QUIET_WITHIN_MS = 400_000;
const QUIET_STEP_MS = 1_000;
/** A node looks again for agents that a stale list of the directory did not show; those of a simulated world are up to 5 s old. */
const FOUND_AGAIN_WITHIN_MS = 13_000;

/** Runs the world until nothing of the agents' own is left to do. Returns what is wrong when that takes too long. */
export async function quiet({ world, keeper }: AuditParts): Promise<readonly Broken[]> {
  const upMs = await world.drive(keeper.recovered());
  await world.run({ untilMs: Math.max(world.now, upMs + FOUND_AGAIN_WITHIN_MS) });
  const endMs = world.now + QUIET_WITHIN_MS;
  for (let calm = 0; ; ) {
    await world.run({ untilMs: world.now + QUIET_STEP_MS });
    const waiting = keeper.waiting();
    const disagreements = waiting === '' ? await world.drive(keeper.disagreements()) : [];
    calm = waiting === '' && disagreements.length === 0 ? calm + 1 : 0;
    if (calm === 2) return [];
    if (world.now < endMs) continue;
    return waiting === '' ? disagreements : [broken('I13', `long after the faults had stopped there was still something to do: ${waiting}`)];
  }
}

/** What a node has not done yet; empty when there is nothing. */
export function waitingIn(node: SkepNode): string {
  const lines = node.driver.idle ? [] : ['a batch is on its way'];
  for (const { agent, stage, turn, state, mailbox } of node.host.roster.all()) {
    const has = (count: number, what: string) => (count > 0 ? [`${count} ${what}`] : []);
    const what = [
      ...(stage === 'claiming' ? ['being claimed'] : []),
      ...(turn === undefined ? [] : [`a turn of ${turn.method}`]),
      ...has(mailbox.size, 'in the mailbox'),
      ...has(state?.outbox.length ?? 0, 'in the outbox'),
      ...has(state?.timers.size ?? 0, 'timers'),
      ...has(state?.pending === undefined ? 0 : 1, 'turn to resume'),
    ];
    if (what.length > 0) lines.push(`${agent} (${stage}): ${what.join(', ')}`);
  }
  return lines.join('; ');
}

/** Every agent as a node shows it. */
export async function readAll({ world, keeper, outside }: AuditParts, agents: readonly AgentId[]): Promise<readonly Live[]> {
  const { client } = await world.drive(keeper.up());
  const found: Live[] = [];
  for (const agent of agents) {
    try {
      const { version, value, root } = await world.drive(client.get(agent), { limitMs: 60_000 });
      const activation = keeper.holding(agent);
      if (activation?.state === undefined) continue;
      found.push({ agent, version, value, root, position: activation.position, actorRoot: activation.ready.actorRoot });
    } catch (error) {
      outside.broken.push(broken('I13', `${agent} could not be read when all was quiet: ${error instanceof Error ? error.message : String(error)}`));
    }
  }
  return found;
}

export interface Ledgers {
  readonly ledger: Ledger;
  readonly broken: readonly Broken[];
}

/** Asks the log itself, as nobody's node, what was committed. */
export async function gather({ world, tap, stores }: Scene): Promise<Ledgers> {
  const auditor = world.node(`auditor ${world.now}`, { stores });
  const lasts = new Map<LaneId, LogEntry | undefined>();
  for (const lane of tap.lanes) lasts.set(lane, await world.drive(auditor.ports.log.last(lane)));
  const { records, broken: found } = tap.committed(lasts);
  const ledger = new Map([...records].map(([agent, list]) => [agent, agentLedger(agent, swarmInitial(agent), list)] as const));
  return { ledger, broken: found };
}

export function judge({ outside }: Scene, { ledger, broken: gathered }: Ledgers, live: { readonly [when: string]: readonly Live[] }) {
  const found = [...gathered, ...judgeLog(outside, ledger, live)];
  for (const [when, agents] of Object.entries(live)) found.push(...checkActors(ledger, agents, when));
  return found;
}

/** Everything that the log, what clients saw and what a node shows can be held against one another for. */
export function judgeLog(outside: Outside, ledger: Ledger, live: { readonly [when: string]: readonly LiveAgent[] }): readonly Broken[] {
  const { operations } = outside;
  const folds = foldAll(ledger);
  const places = new Map([...ledger].map(([agent, one]) => [agent, placesOf(one)]));
  const messages = checkMessages(ledger);
  const found: Broken[] = [
    ...outside.broken,
    ...checkLedger(ledger),
    ...checkBeginnings(ledger),
    ...checkWitness(operations, (agent, id) => places.get(agent)?.get(id)?.[0]),
    ...checkReads(operations, folds),
    ...checkObservers(operations),
    ...checkAcknowledged(operations, ledger),
    ...checkOrigin(ledger, outside.sent),
    ...checkPast(ledger, folds, outside.past, outside.events),
    ...messages.broken,
    ...messages.inFlight.map(({ to, sequence }) => broken('I13', `message ${sequence} to ${to} was never taken`)),
    ...checkTokens(folds, messages.inFlight, tokensOf(folds)),
    ...checkEffects(ledger, outside.effects),
    ...checkEffectsRan(ledger, outside.effects, stepsOfTurn),
    ...checkExactness(ledger, folds),
    ...checkStates(folds),
    ...checkCounters(ledger, operations),
  ];
  for (const [when, agents] of Object.entries(live)) found.push(...checkLive(folds, agents, when));
  return found;
}

const KINDS = new Map(swarmKinds(0, { effect: () => {}, sleep: () => Promise.resolve() }).map((kind) => [kind.kind, kind]));

/** What an agent of the swarm is before its first commit. */
export function swarmInitial(agent: AgentId): Value {
  const { kind, name } = parseAgentId(agent);
  return KINDS.get(kind)?.initialOf(name) as Value;
}

/** The actor root covers cursors, timers, outbox and sessions: what a node holds of them is the fold of the records, too. */
function checkActors(ledger: Ledger, live: readonly Live[], when: string): readonly Broken[] {
  const found: Broken[] = [];
  for (const { agent, position, actorRoot } of live) {
    const one = ledger.get(agent);
    if (one === undefined) continue;
    try {
      const state = new ActorState(agent, treeOf(one.initial));
      for (const { record } of one.records.slice(0, position)) state.apply(record);
      if (state.actorRoot !== actorRoot)
        found.push(broken('I14', `${when} ${agent} has another actor root than the fold of its ${position} records`));
    } catch (error) {
      found.push(broken('I14', `${agent}: its records do not follow one another: ${error instanceof Error ? error.message : String(error)}`));
    }
  }
  return found;
}
