/** Replays real work: files become agents, steps become events. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type AgentId, encode, isSkepError, SkepError, toSkepError } from '@skep/kernel';
import type { Client } from '@skep/sdk';
import { agentText } from '../arguments/agent-address.js';
import { findConfig, speaksOf } from '../config/find-config.js';
import type { Shell } from '../frame/shell.js';
import { holdsData, isForeign } from '../opening/data-folder.js';
import { withClient } from '../opening/open-client.js';
import { startProgress } from '../output/progress.js';
import { type CheckpointBytes, checkpointBytesOf } from './checkpoint-bytes.js';
import type { ClusterReport } from './cluster-run.js';
import { type CrashReport, feedThroughCrash } from './crash.js';
import { feed } from './feed.js';
import { findSavers } from './langgraph-savers.js';
import type { Repairs } from './storable.js';
import { readTrajectoryFile, type TrajectoryFile } from './trajectory-file.js';
import { lostOf, readHistory } from './verification.js';
import { type AgentWork, worksOf } from './work.js';

export interface ReplayOptions {
  readonly files: readonly string[];
  /** Undefined: a folder that is removed at the end. */
  readonly dir: string | undefined;
  readonly killAt: number | undefined;
  /** Over a cluster of its own, of this many nodes; undefined: in this process. */
  readonly nodes: number | undefined;
  /** Whether to count what the checkpoints take; undefined: no. */
  readonly bytes?: { readonly peers: string | undefined } | undefined;
}

export interface ReplayedAgent {
  readonly id: AgentId;
  readonly events: number;
  readonly version: number;
  /** Encoded size of the state. */
  readonly bytes: number;
  readonly root: string;
}

export interface ReplayReport {
  readonly agents: readonly ReplayedAgent[];
  readonly crash: CrashReport | undefined;
  readonly cluster?: ClusterReport;
  readonly acknowledgedLost: number;
  readonly repairs: Readonly<Repairs>;
  /** Files that could not be read; nothing was done for them. */
  readonly refused: readonly SkepError[];
  readonly checkpointBytes?: CheckpointReport;
}

export interface CheckpointReport {
  readonly agents: readonly CheckpointBytes[];
  /** Why the savers of others were not measured, or not all of them. */
  readonly peersSkipped: string | undefined;
}

/** @throws SkepError when nothing can be replayed */
export async function replay(shell: Shell, options: ReplayOptions): Promise<ReplayReport> {
  const { files, refused } = readFiles(options.files);
  const [firstRefusal] = refused;
  if (files.length === 0 && firstRefusal !== undefined) throw firstRefusal;
  const works = worksOf(files);
  const total = works.reduce((sum, { steps }) => sum + steps.length, 0);
  if (options.killAt !== undefined && total < 2) {
    throw new SkepError('invalid-input', {
      message: 'one single event has no middle at which to kill',
      remedy: 'Replay more events, or leave --kill-at out.',
    });
  }
  const progress = startProgress(shell, { title: 'replaying', nouns: 'events', total });
  let done = 0;
  const acknowledged = () => progress.update(++done);
  const dir = options.dir === undefined ? temporaryFolder() : resolve(shell.cwd, options.dir);
  try {
    const outcome = await fed(shell, { dir, works, acknowledged }, options);
    const checkpointBytes = options.bytes && (await countBytes(works, options.bytes.peers));
    return { ...outcome, repairs: repairsOf(files), refused, ...(checkpointBytes && { checkpointBytes }) };
  } finally {
    progress.stop();
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function countBytes(works: readonly AgentWork[], peers: string | undefined): Promise<CheckpointReport> {
  const savers = await findSavers(peers);
  const agents: CheckpointBytes[] = [];
  for (const work of works) {
    const counted = await checkpointBytesOf(work, savers);
    if (counted.root !== work.root()) throw new SkepError('internal', { message: 'counted other checkpoints than were replayed', id: work.agent });
    agents.push(counted);
  }
  return { agents, peersSkipped: savers.why };
}

/** Removed at the end, and also when the process ends before it. */
function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'skep-replay-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function fed(shell: Shell, run: Run, { killAt: share, nodes }: ReplayOptions): Promise<RunOutcome> {
  if (nodes !== undefined) return spread(run, { nodes, share });
  return share === undefined ? undisturbed(shell, run) : disturbed(shell, { ...run, share });
}

interface Run {
  readonly dir: string;
  readonly works: readonly AgentWork[];
  readonly acknowledged: () => void;
}

type RunOutcome = Pick<ReplayReport, 'agents' | 'crash' | 'cluster' | 'acknowledgedLost'>;

async function undisturbed(shell: Shell, { dir, works, acknowledged }: Run): Promise<RunOutcome> {
  return withClient(shell, { at: { dir }, purpose: 'write' }, async ({ client }) => {
    await refuseExisting(client, works);
    await feed({ client, works, upTo: ({ steps }) => steps.length, acknowledged });
    return { crash: undefined, acknowledgedLost: await lostOf(client, works), agents: await describe(client, works) };
  });
}

async function disturbed(shell: Shell, { dir, works, acknowledged, share }: Run & { readonly share: number }): Promise<RunOutcome> {
  if (holdsData(dir)) await withClient(shell, { at: { dir }, purpose: 'read' }, ({ client }) => refuseExisting(client, works));
  const found = findConfig(shell.cwd);
  const config = found !== undefined && speaksOf(found, 'addressKeys') && !(await isForeign(shell, dir)) ? found : undefined;
  const { report, holder } = await feedThroughCrash({ dir, config, works, share, acknowledged });
  try {
    const { client } = holder;
    const lost = Math.max(report.lostAtKill, await lostOf(client, works));
    return { crash: report, acknowledgedLost: lost, agents: await describe(client, works) };
  } finally {
    await holder.stop();
  }
}

async function spread(run: Run, { nodes, share }: { readonly nodes: number; readonly share: number | undefined }): Promise<RunOutcome> {
  const { overCluster } = await import('../cluster/work.js');
  const { works } = run;
  const { cluster, crash, result } = await overCluster({ ...run, nodes, share }, async (client) => ({
    lost: await lostOf(client, works),
    agents: await describe(client, works),
  }));
  return { cluster, crash, acknowledgedLost: Math.max(crash?.lostAtKill ?? 0, result.lost), agents: result.agents };
}

function readFiles(paths: readonly string[]): { readonly files: readonly TrajectoryFile[]; readonly refused: readonly SkepError[] } {
  const files: TrajectoryFile[] = [];
  const refused: SkepError[] = [];
  for (const path of paths) {
    try {
      files.push(readTrajectoryFile(path));
    } catch (error) {
      refused.push(toSkepError(error));
    }
  }
  return { files, refused };
}

/** A second replay would continue the first, and nothing that is said about it would be true. */
async function refuseExisting(client: Client, works: readonly AgentWork[]): Promise<void> {
  for (const { agent } of works) {
    const info = await client.info(agent).catch((error: unknown) => {
      if (isSkepError(error, 'unknown-agent')) return undefined;
      throw error;
    });
    if (info === undefined) continue;
    throw new SkepError('agent-exists', {
      message: `${agentText(agent)} exists already, at version ${info.version}`,
      id: agent,
      remedy: 'Replay into another folder with --dir, or remove this one with "skep reset".',
    });
  }
}

async function describe(client: Client, works: readonly AgentWork[]): Promise<readonly ReplayedAgent[]> {
  const agents: ReplayedAgent[] = [];
  for (const { agent } of works) {
    const { version, root, value } = await client.get(agent);
    const events = (await readHistory(client, agent, version)).length;
    agents.push({ id: agent, events, version, bytes: encode(value).length, root });
  }
  return agents;
}

function repairsOf(files: readonly TrajectoryFile[]): ReplayReport['repairs'] {
  const sum = (what: keyof Repairs) => files.reduce((count, { repairs }) => count + repairs[what], 0);
  return { surrogates: sum('surrogates'), numbers: sum('numbers'), bytes: sum('bytes') };
}
