/**
 * Plays the scenes on a fresh folder, within a bound if there is one: over NATS servers where there are any, otherwise in one process.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { SkepError } from '@skep/kernel';
import { findServers } from '@skep/nats/servers';
import { connectSkep } from '@skep/sdk';
import { isNodeProgramHere } from '@skep/sdk/operations';
import type { Interruption } from '../frame/interruption.js';
import type { Shell } from '../frame/shell.js';
import { rounded } from '../output/amounts.js';
import { CAST } from './cast.js';
import { endStrays, runsOn } from './cluster/demo-cluster.js';
import { clusterProduction } from './cluster/production.js';
import { isDemoFolder, markDemoFolder } from './demo-folder.js';
import { embeddedProduction } from './embedded/production.js';
import type { Figures } from './figures.js';
import { liveOn } from './living.js';
import type { Production } from './production.js';
import { judgement } from './scenes/judgement.js';
import type { Scene, Stage } from './stage.js';
import { Story } from './story.js';

export interface DemoOptions {
  readonly dir: string;
  /** The whole takes no longer than this; undefined: until it is interrupted. */
  readonly seconds: number | undefined;
  readonly place: 'embedded' | 'best';
  readonly interruption: Interruption;
}

/** With less time than this, servers and nodes would only start and end. */
const CLUSTER_MS_MIN = 8_000;
const CLUSTER_SCENES = ['node-kill', 'nats-leader-kill', 'rolling-restart'] as const;

export async function demo(shell: Shell, { dir, seconds, place, interruption }: DemoOptions): Promise<Figures> {
  const story = new Story(shell);
  await prepareFolder(dir);
  const options = { dir, story, boundMs: seconds === undefined ? undefined : seconds * 1000 };
  if (place === 'embedded') return await perform(embeddedProduction(options), { shell, interruption });
  const obstacle = obstacleToCluster(options.boundMs);
  if (obstacle === undefined) {
    const flavour = findServers().fast === undefined ? 'stock' : 'fast';
    return await perform(clusterProduction(options, flavour), { shell, interruption });
  }
  story.say(`No cluster today: ${obstacle.message}. To see one: ${obstacle.remedy}.`);
  const figures = await perform(embeddedProduction(options), { shell, interruption });
  figures.skipped.push(...CLUSTER_SCENES);
  figures.remedy = obstacle.remedy;
  return figures;
}

interface Obstacle {
  readonly message: string;
  readonly remedy: string;
}

/** Why there can be no cluster here; undefined when there can be one. */
function obstacleToCluster(boundMs: number | undefined): Obstacle | undefined {
  if (boundMs !== undefined && boundMs < CLUSTER_MS_MIN) {
    return { message: 'there is too little time for one', remedy: `give it ${CLUSTER_MS_MIN / 1000} seconds or more` };
  }
  if (!isNodeProgramHere()) return { message: 'the program of nodes is not here', remedy: 'install the package @skep/node beside this one' };
  const { fast, stock, missing } = findServers();
  if (fast !== undefined || stock !== undefined) return undefined;
  return missing.find(({ kind }) => kind === 'stock') ?? { message: 'there is no NATS server', remedy: 'put nats-server on PATH' };
}

interface Watching {
  readonly shell: Shell;
  readonly interruption: Interruption;
}

async function perform<Place extends Stage, Numbers extends Figures>(
  production: Production<Place, Numbers>,
  { shell, interruption }: Watching,
): Promise<Numbers> {
  const { stage, figures, scenes } = production;
  figures.skipped = scenes.map(({ name }) => name);
  try {
    // What begins to start is first let start: only what is there can be ended in order.
    await production.open();
    const playing = playAll(production, shell, interruption);
    // Whoever interrupts does not wait for the scene; what it was about to do fails with its processes, and nobody needs to hear of it.
    playing.catch(() => undefined);
    await Promise.race([playing, interruption.happened]);
    await account(stage);
  } finally {
    await production.close();
  }
  return figures;
}

async function playAll<Place extends Stage>(production: Production<Place>, shell: Shell, { signal }: Interruption): Promise<void> {
  const { stage, scenes, figures } = production;
  for (const [at, scene] of scenes.entries()) {
    if (signal.aborted) return;
    const played = (name: string) => !figures.skipped.includes(name);
    const behind = scenes.slice(at + 1);
    stage.reserveMs = stage.slowness * sumOfNeeds(behind);
    // Without the judgement nobody knows how it went; without work there is nothing to judge.
    const kept = scene.after.length === 0 ? [] : behind.filter(({ name }) => name === judgement.name);
    const neededMs = stage.slowness * sumOfNeeds([scene, ...kept]);
    if (!scene.after.every(played) || stage.leftMs < neededMs) continue;
    stage.story.scene(scene.title);
    const startMs = performance.now();
    await scene.play(stage);
    figures.sceneMs[scene.name] = Math.round(performance.now() - startMs);
    figures.skipped = figures.skipped.filter((name) => name !== scene.name);
  }
  await stage.load.stop();
  if (stage.boundMs === undefined) await liveOn(production, shell, signal);
}

function sumOfNeeds(scenes: readonly Pick<Scene, 'needsMs'>[]): number {
  return scenes.reduce((sum, { needsMs }) => sum + needsMs, 0);
}

/** The figures that only the end knows. */
async function account({ figures, ledger, client, elapsedMs }: Stage): Promise<void> {
  // Once judged, the figure says how many calls were: the story's own last calls come behind the judgement.
  if (figures.skipped.includes('judgement')) figures.acknowledged = ledger.count;
  figures.failedCalls = ledger.failed.length;
  const known = new Set(CAST.map(({ agent }) => agent));
  const agents = await client.list();
  figures.turns = agents.filter(({ agent }) => known.has(agent)).reduce((sum, { version }) => sum + version, 0);
  figures.seconds = rounded(elapsedMs / 1000);
}

/** A fresh start, at the expense of an earlier demo and of nothing else. @throws SkepError `folder-held`, `invalid-input` */
async function prepareFolder(dir: string): Promise<void> {
  const holder = await connectSkep(dir);
  if (holder !== undefined) {
    const { pid } = await holder.status();
    await holder.close();
    throw inUse(dir, `process ${pid} holds ${dir}`, `end process ${pid}`);
  }
  if (runsOn(dir)) throw inUse(dir, `its servers run on ${dir}`, 'end it with Ctrl-C in its terminal');
  if (existsSync(dir) && readdirSync(dir).length > 0 && !isDemoFolder(dir)) {
    throw new SkepError('invalid-input', {
      message: `${dir} holds something else than a demo`,
      id: dir,
      remedy: 'Name a folder that is new or empty with --dir; the demo starts afresh and would remove what is there.',
    });
  }
  await endStrays(dir);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  mkdirSync(dir, { recursive: true });
  markDemoFolder(dir);
}

function inUse(dir: string, because: string, remedy: string): SkepError {
  return new SkepError('folder-held', {
    message: `a demo runs already: ${because}`,
    id: dir,
    remedy: `Work with that one, ${remedy}, or give this one another folder with --dir.`,
  });
}
