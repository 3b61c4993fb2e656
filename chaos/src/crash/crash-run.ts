/**
 * A real crash run: a real process on a real folder, killed again and again under load, judged by the invariants of the simulator.
 *
 *   const { broken, kills } = await crashRun({ seed: 7, dir, program, kills: 10 });
 */
import { existsSync, readFileSync } from 'node:fs';
import { openFolder } from '@skep/embedded';
import type { AgentId, Value } from '@skep/kernel';
import { SeededRandom } from '@skep/simulated';
import type { Effect } from '../invariants/effects.js';
import type { LiveAgent } from '../invariants/naive-fold.js';
import { type Broken, broken } from '../invariants/violation.js';
import { judgeLog, swarmInitial } from '../simulator/audit.js';
import { Outside } from '../simulator/outside.js';
import { type ClientWorld, RecordingClient } from '../simulator/recording-client.js';
import { runClient } from '../simulator/workload.js';
import { type Kill, RealOperator } from './real-operator.js';
import { readStored, type StoredLedger } from './stored-ledger.js';

export interface CrashRunOptions {
  readonly seed: number;
  /** An empty folder. */
  readonly dir: string;
  /** The built worker. */
  readonly program: string;
  readonly kills: number;
  /** Test-only: replies leave before their batch is on the disk. */
  readonly mistake?: 'hasty';
}

export interface CrashRunResult {
  readonly broken: readonly Broken[];
  readonly kills: readonly Kill[];
  readonly operations: number;
  readonly acknowledged: number;
  readonly agents: number;
}

/** So many calls are in flight at once. */
const CLIENTS = 40;
const THINK_MS_MAX = 6;
const QUIET_WITHIN_MS = 20_000;

export async function crashRun({ seed, dir, program, kills, mistake }: CrashRunOptions): Promise<CrashRunResult> {
  const outside = new Outside();
  const folder = `${dir}/data`;
  const effectsFile = `${dir}/effects.jsonl`;
  const operator = new RealOperator({ dir: folder, program, effectsFile, kills, mistake, outside, random: new SeededRandom(`${seed}/kills`) });
  const parts = { world: realWorld(seed), operator, outside };
  const found: Broken[] = [];
  const live: { [when: string]: readonly LiveAgent[] } = {};
  try {
    const killing = operator.run();
    killing.catch(() => undefined);
    let over = false;
    const names = Array.from({ length: CLIENTS }, (_, index) => String(index + 1));
    const work = Promise.all(
      names.map(async (name) => {
        const client = new RecordingClient(parts, name);
        while (!over) await runClient(client, outside, { operations: 1, thinkMsMax: THINK_MS_MAX });
      }),
    );
    work.catch(() => undefined);
    await killing;
    over = true;
    await work;
    live['before the last kill'] = await readQuiet(operator, found);
    await operator.restart();
    live['after the last kill'] = await readQuiet(operator, found);
  } finally {
    await operator.kill();
  }
  const stored = await readFolder(folder);
  const effects = existsSync(effectsFile) ? effectsOf(readFileSync(effectsFile, 'utf8')) : [];
  outside.effects.push(...effects);
  found.push(...stored.broken, ...checkSnapshots(stored), ...judgeLog(outside, stored.ledger, live));
  const { operations, past } = outside;
  return {
    broken: found,
    kills: operator.kills,
    operations: operations.length + past.length,
    acknowledged: operations.filter(({ outcome }) => outcome.kind === 'acknowledged').length,
    agents: stored.ledger.size,
  };
}

/** What to print when a run failed: the moments that were drawn, and what was found. */
export function describeCrashRun(seed: number, { broken: found, kills }: CrashRunResult): string {
  const moments = kills.map(({ moment, acknowledged, inFlight }) => {
    const when = 'afterMs' in moment ? `${moment.afterMs} ms` : `${moment.afterReplies} replies`;
    return `${when}, ${acknowledged} acknowledged in all, ${inFlight} writes in flight`;
  });
  const lines = found.slice(0, 12).map(({ invariant, message }) => `${invariant}: ${message}`);
  return [`crash run with seed ${seed} broke a promise`, ...lines, 'Killed after:', ...moments].join('\n');
}

/** Waits until no agent has a message to send or a timer to wait for, and reads all of them. */
async function readQuiet(operator: RealOperator, found: Broken[]): Promise<readonly LiveAgent[]> {
  const { client } = await operator.up();
  const endMs = performance.now() + QUIET_WITHIN_MS;
  for (;;) {
    const agents = await client.list();
    const busy = agents.filter(({ outbox, timers, mailbox, turn }) => outbox + timers + mailbox > 0 || turn !== null);
    if (busy.length === 0) return Promise.all(agents.map(async ({ agent }) => ({ agent, ...(await client.get(agent)) })));
    if (performance.now() > endMs) {
      found.push(
        broken(
          'I13',
          `there was still something to do: ${busy.map(({ agent, outbox, timers }) => `${agent} ${outbox} sent, ${timers} timers`).join('; ')}`,
        ),
      );
      return [];
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function readFolder(dir: string): Promise<StoredLedger> {
  const folder = await openFolder({ dir });
  try {
    return await readStored(folder.ports, (agent: AgentId): Value => swarmInitial(agent));
  } finally {
    await folder.close();
  }
}

/** A snapshot is the fold of the records before it. */
function checkSnapshots({ ledger, snapshots }: StoredLedger): readonly Broken[] {
  const found: Broken[] = [];
  for (const { agent, position, state } of snapshots) {
    const records = ledger.get(agent)?.records.slice(0, position) ?? [];
    const version = records[records.length - 1]?.record.version ?? 0;
    if (state.version !== version)
      found.push(broken('I14', `${agent}: its snapshot at record ${position} has version ${state.version}, not ${version}`));
  }
  return found;
}

function effectsOf(text: string): readonly Effect[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line): Effect => ({ ...(JSON.parse(line) as Omit<Effect, 'afterRecord'>), afterRecord: 'no' }));
}

function realWorld(seed: number): ClientWorld {
  const startedMs = performance.now();
  return {
    get now() {
      return performance.now() - startedMs;
    },
    wallMs: () => Date.now(),
    at: (atMs, act) => void setTimeout(act, Math.max(0, atMs - (performance.now() - startedMs))),
    random: (purpose) => new SeededRandom(`${seed}/${purpose}`),
    record: () => undefined,
  };
}
