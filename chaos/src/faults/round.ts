/**
 * A round: a swarm of processes in a universe of its own, recording clients, faults one after the other, and a judgement by the invariants of the simulator.
 *
 *   const { broken, strikes } = await runRound({ site, program, seed: 'x', faults: [nodeKill, nodePause] });
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentId, toSkepError, universeId, type Value } from '@skep/kernel';
import { type DirectoryRow, listDirectory, readUniverse } from '@skep/runtime';
import { SeededRandom } from '@skep/simulated';
import { readStored } from '../crash/stored-ledger.js';
import { checkAgreement } from '../invariants/agreement.js';
import type { Effect } from '../invariants/effects.js';
import type { LiveAgent } from '../invariants/naive-fold.js';
import { type Broken, broken } from '../invariants/violation.js';
import { judgeLog, swarmInitial } from '../simulator/audit.js';
import { RecordingClient } from '../simulator/recording-client.js';
import { runClient } from '../simulator/workload.js';
import { type Fault, type Figures, pause } from './fault.js';
import { NODE_NAMES } from './names.js';
import { patiently, patientStore } from './patient-store.js';
import { realWorld } from './real-world.js';
import type { Site } from './site.js';
import { SwarmOfProcesses } from './swarm-of-processes.js';
import { type ClientsSaw, TimedOutside } from './timed-outside.js';

export interface RoundOptions {
  readonly site: Site;
  /** The built program of a node. */
  readonly program: string;
  /** Decides over targets, moments and what clients do. */
  readonly seed: string;
  readonly faults: readonly Fault[];
  readonly clients?: number;
  /** Test-only: replies leave before their batch is in the log (L6). */
  readonly mistake?: 'hasty';
}

export interface Strike {
  readonly fault: string;
  /** What clients saw from the strike until the swarm was whole again. */
  readonly saw: ClientsSaw;
  readonly figures: Figures;
}

export interface RoundResult {
  readonly broken: readonly Broken[];
  readonly strikes: readonly Strike[];
  readonly operations: number;
  readonly acknowledged: number;
  readonly met: ReadonlyMap<string, number>;
  /** How often a node came back as another incarnation in the same process: it had been taken for dead. */
  readonly comeBacks: number;
}

const CLIENTS = 24;
const THINK_MS_MAX = 60;
const PASSIVATE_AFTER_MS = 1_500;
const SETTLE_EVERY_MS = 800;
/** Load before the first strike, and between two of them. */
const CALM_MS_MIN = 150;
const CALM_MS_MAX = 700;
const QUIET_WITHIN_MS = 60_000;
/** Clients that began a write before the end know by then what came of it. */
const ENDED_WITHIN_MS = 60_000;
const READ_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 100;
/** A fault is over when so many writes that began after it were acknowledged. */
const WRITES_AFTER = 10;
const WRITES_WITHIN_MS = 20_000;
let rounds = 0;

export async function runRound({ site, program, seed, faults, clients = CLIENTS, mistake }: RoundOptions): Promise<RoundResult> {
  rounds += 1;
  const universe = `u${rounds}`;
  const outside = new TimedOutside();
  const effectsFile = join(site.dir, `effects-${rounds}.jsonl`);
  const order = {
    universe,
    effectsFile,
    passivateAfterMs: PASSIVATE_AFTER_MS,
    settleEveryMs: SETTLE_EVERY_MS,
    ...(mistake === undefined ? {} : { mistake }),
  };
  const swarm = new SwarmOfProcesses({ site, outside, program, names: NODE_NAMES, seed, order });
  const world = realWorld(seed);
  const parts = { world, operator: swarm, outside };
  const random = new SeededRandom(`${seed}/faults`);
  const found: Broken[] = [];
  const strikes: Strike[] = [];
  let comeBacks = 0;
  const auditor = site.auditor();
  const store = patientStore(auditor);
  try {
    await auditor.ready;
    await swarm.startAll();
    let over = false;
    const names = Array.from({ length: clients }, (_, index) => String(index + 1));
    const load = Promise.all(
      names.map(async (name) => {
        const client = new RecordingClient(parts, name);
        while (!over) await runClient(client, outside, { operations: 1, thinkMsMax: THINK_MS_MAX });
      }),
    );
    load.catch(() => undefined);
    const stage = { site, swarm, outside, random, clientOf: (name: string) => new RecordingClient(parts, name) };
    for (const fault of faults) {
      await pause(random.between(CALM_MS_MIN, CALM_MS_MAX));
      const fromMs = performance.now();
      const figures = await fault.strike(stage);
      await site.cluster.settled();
      await swarm.whole();
      await writesGoOn(fault);
      strikes.push({ fault: fault.name, saw: outside.seen(fromMs, performance.now()), figures });
    }
    await pause(random.between(CALM_MS_MIN, CALM_MS_MAX));
    over = true;
    await Promise.race([load, pause(ENDED_WITHIN_MS)]);
    for (const { id, agent, method } of outside.open.values()) {
      found.push(broken('I13', `${method} of ${agent} (${id}) was not carried out ${ENDED_WITHIN_MS} ms after the last fault`));
    }
    outside.giveUpOpen();
    const live = await readQuiet(universe);
    comeBacks = (await swarm.looks()).reduce((sum, { incarnations }) => sum + incarnations - 1, 0);
    await swarm.killAll();
    const stored = await readStored(store, (agent): Value => swarmInitial(agent), universe);
    if (existsSync(effectsFile)) outside.effects.push(...effectsOf(readFileSync(effectsFile, 'utf8')));
    found.push(...stored.broken, ...judgeLog(outside, stored.ledger, { 'when all was quiet': live }));
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    found.push(...outside.broken, broken('I13', `the round did not come to an end: ${why}`));
  } finally {
    await swarm.killAll();
    await auditor.close();
  }
  const { operations, past, met } = outside;
  return {
    ...{ broken: found, strikes, met, comeBacks },
    operations: operations.length + past.length,
    acknowledged: operations.filter(({ outcome }) => outcome.kind === 'acknowledged').length,
  };

  /** New writes are acknowledged again. */
  async function writesGoOn({ name }: Fault): Promise<void> {
    const fromMs = performance.now();
    const done = () => outside.writes.filter(({ beganMs, outcome }) => beganMs >= fromMs && outcome === 'acknowledged').length;
    while (done() < WRITES_AFTER) {
      await pause(LOOK_EVERY_MS);
      if (performance.now() - fromMs < WRITES_WITHIN_MS) continue;
      outside.broken.push(broken('I13', `${WRITES_WITHIN_MS} ms after it was over (${name}) only ${done()} new writes were acknowledged`));
      return;
    }
  }

  /** Waits until nothing is left to do and everybody agrees about who holds what; then reads everything. */
  async function readQuiet(name: string): Promise<readonly LiveAgent[]> {
    const endMs = performance.now() + QUIET_WITHIN_MS;
    let left: readonly Broken[] = [];
    for (let calm = 0; calm < 2; ) {
      if (performance.now() > endMs) {
        found.push(...left);
        break;
      }
      await pause(LOOK_EVERY_MS);
      left = await unrest(name);
      calm = left.length === 0 ? calm + 1 : 0;
    }
    const { client } = await swarm.up();
    const live: LiveAgent[] = [];
    for (const { agent } of await directoryOf(name)) {
      const shown = await patiently(() => client.get(agent), READ_WITHIN_MS).catch((error: unknown) => toSkepError(error));
      if (shown instanceof Error) found.push(broken('I13', `${agent} could not be read when all was quiet: ${shown.message}`));
      else live.push({ agent, ...shown });
    }
    return live;
  }

  async function unrest(name: string): Promise<readonly Broken[]> {
    let looks: Awaited<ReturnType<typeof swarm.looks>>;
    try {
      looks = await swarm.looks();
    } catch (error) {
      return [broken('I13', `long after the last fault a node did not say how it fares: ${toSkepError(error).message}`)];
    }
    const waiting = looks.filter((look) => look.waiting !== '').map((look) => `${look.incarnation}: ${look.waiting}`);
    if (waiting.length > 0) return [broken('I13', `long after the last fault there was still something to do: ${waiting.join('; ')}`)];
    const { open, unclaimed } = await readUniverse(store.registry, universeId(name));
    const views = looks.map(({ incarnation, lane, held, members }) => {
      const holds = new Set<AgentId>(held);
      return { incarnation, lane, members, holds: (agent: AgentId) => holds.has(agent) };
    });
    return checkAgreement(views, { directory: await directoryOf(name), open, unclaimed });
  }

  async function directoryOf(name: string): Promise<readonly DirectoryRow[]> {
    const id = universeId(name);
    const { timeline } = await readUniverse(store.registry, id);
    const rows: DirectoryRow[] = [];
    for await (const row of listDirectory(store.registry, { universe: id, timeline })) rows.push(row);
    return rows;
  }
}

/** What to print when a round failed. */
export function describeRound(command: string, { broken: found, strikes, met }: RoundResult): string {
  const lines = found.slice(0, 12).map(({ invariant, message }) => `${invariant}: ${message}`);
  const struck = strikes.map(({ fault, saw, figures }) => `  ${fault} ${JSON.stringify({ ...saw, ...figures })}`);
  const seen = [...met].map(([what, times]) => `  ${what}: ${times}`);
  return [`a promise was broken; the same plan again: ${command}`, ...lines, 'Struck:', ...struck, 'Met:', ...seen].join('\n');
}

function effectsOf(text: string): readonly Effect[] {
  const lines = text.split('\n').filter((line) => line !== '');
  // A process that is killed while it writes leaves half a line at most, which another one may have gone on with.
  return lines.map((line): Effect => ({ ...(JSON.parse(line) as Omit<Effect, 'afterRecord'>), afterRecord: 'no' }));
}
