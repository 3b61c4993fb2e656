/** The end of a run: waits until all is quiet, reads everything back, before and after one more power cut, and judges. */
import { ActorState } from '@skep/actor';
import { type AgentId, type LaneId, parseAgentId, type Value } from '@skep/kernel';
import type { LogEntry } from '@skep/ports';
import type { World } from '@skep/simulated';
import { treeOf } from '@skep/state';
import { checkAcknowledged, checkOrigin } from '../invariants/acknowledged.js';
import { checkEffects, checkEffectsRan } from '../invariants/effects.js';
import { checkExactness } from '../invariants/exactness.js';
import { agentLedger, checkBeginnings, checkLedger, type Ledger, placesOf } from '../invariants/ledger.js';
import { checkMessages, checkTokens } from '../invariants/messages.js';
import { checkLive, checkPast, foldAll, type LiveAgent } from '../invariants/naive-fold.js';
import { checkObservers, checkReads, checkWitness } from '../invariants/version-witness.js';
import { type Broken, broken } from '../invariants/violation.js';
import { checkCounters } from './counter-search.js';
import type { LogTap } from './log-tap.js';
import type { Operator } from './operator.js';
import type { Outside } from './outside.js';
import { checkStates, stepsOfTurn, swarmKinds, tokensOf } from './swarm.js';

export interface AuditParts {
  readonly world: World;
  readonly operator: Operator;
  readonly outside: Outside;
  readonly tap: LogTap;
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

/** Runs the world until nothing of the agents' own is left to do. Returns what still waits when that takes too long. */
export async function quiet({ world, operator }: Pick<AuditParts, 'world' | 'operator'>): Promise<string | undefined> {
  const { node, upMs } = await world.drive(operator.up());
  await world.drive(node.recovered.catch(() => undefined));
  await world.run({ untilMs: Math.max(world.now, upMs + FOUND_AGAIN_WITHIN_MS) });
  const endMs = world.now + QUIET_WITHIN_MS;
  for (let calm = 0; calm < 2; ) {
    if (world.now > endMs) return waitingIn(operator);
    await world.run({ untilMs: world.now + QUIET_STEP_MS });
    calm = waitingIn(operator) === '' ? calm + 1 : 0;
  }
  return undefined;
}

/** What the node has not done yet; empty when there is nothing. */
export function waitingIn({ running }: Operator): string {
  if (running === undefined) return 'the node is down';
  const lines = running.node.driver.idle ? [] : ['a batch is on its way'];
  for (const { agent, stage, turn, state, mailbox } of running.node.host.roster.all()) {
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

/** Every agent as the node shows it. */
export async function readAll({ world, operator, outside }: AuditParts, agents: readonly AgentId[]): Promise<readonly Live[]> {
  const { node, client } = await world.drive(operator.up());
  const found: Live[] = [];
  for (const agent of agents) {
    try {
      const { version, value, root } = await world.drive(client.get(agent), { limitMs: 60_000 });
      const activation = node.host.roster.find(agent);
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
export async function gather({ world, tap }: AuditParts, stores: Parameters<World['node']>[1]['stores']): Promise<Ledgers> {
  const auditor = world.node(`auditor ${world.now}`, { stores });
  const lasts = new Map<LaneId, LogEntry | undefined>();
  for (const lane of tap.lanes) lasts.set(lane, await world.drive(auditor.ports.log.last(lane)));
  const { records, broken: found } = tap.committed(lasts);
  const ledger = new Map([...records].map(([agent, list]) => [agent, agentLedger(agent, swarmInitial(agent), list)] as const));
  return { ledger, broken: found };
}

export function judge({ outside }: AuditParts, { ledger, broken: gathered }: Ledgers, live: { readonly [when: string]: readonly Live[] }) {
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
