/** Plays the scenes on a fresh folder, within a bound if there is one. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { SkepError } from '@skep/kernel';
import { connectSkep } from '@skep/sdk';
import type { Interruption } from '../frame/interruption.js';
import type { Shell } from '../frame/shell.js';
import { HolderProcess } from '../holder/holder-process.js';
import { rounded } from '../output/amounts.js';
import { CAST } from './cast.js';
import { isDemoFolder, markDemoFolder } from './demo-folder.js';
import { type Figures, noFigures } from './figures.js';
import { Ledger } from './ledger.js';
import { liveOn } from './living.js';
import { Load } from './load.js';
import { SCENES } from './scenes/index.js';
import { type Scene, Stage } from './stage.js';
import { Story } from './story.js';

export interface DemoOptions {
  readonly dir: string;
  /** The whole takes no longer than this; undefined: until it is interrupted. */
  readonly seconds: number | undefined;
  readonly interruption: Interruption;
}

export async function demo(shell: Shell, { dir, seconds, interruption }: DemoOptions): Promise<Figures> {
  const story = new Story(shell);
  const ledger = new Ledger();
  const stage = new Stage(dir, story, ledger, new Load(ledger), noFigures(CAST.length), seconds === undefined ? undefined : seconds * 1000);
  await prepareFolder(dir);
  story.say(`${story.colours.bold('Skep')}: ${CAST.length} agents, one machine, one crash. The data lie in ${dir}.`);
  stage.holder = await HolderProcess.start(dir);
  try {
    const playing = playAll(stage, shell, interruption);
    // Whoever interrupts does not wait for the scene; what it was about to do fails with its holder, and nobody needs to hear of it.
    playing.catch(() => undefined);
    await Promise.race([playing, interruption.happened]);
    await account(stage);
  } finally {
    await stage.holder?.stop();
  }
  return stage.figures;
}

async function playAll(stage: Stage, shell: Shell, { signal }: Interruption): Promise<void> {
  const { figures } = stage;
  figures.skipped = SCENES.map(({ name }) => name);
  for (const [at, scene] of SCENES.entries()) {
    if (signal.aborted) return;
    const played = (name: string) => !figures.skipped.includes(name);
    stage.reserveMs = reserveBehind(at);
    if (!scene.after.every(played) || stage.leftMs < scene.needsMs) continue;
    stage.story.scene(scene.title);
    await scene.play(stage);
    figures.skipped = figures.skipped.filter((name) => name !== scene.name);
  }
  await stage.load.stop();
  if (stage.boundMs === undefined) await liveOn(stage, shell, signal);
}

function reserveBehind(at: number): number {
  return SCENES.slice(at + 1).reduce((sum: number, { needsMs }: Scene) => sum + needsMs, 0);
}

/** The figures that only the end knows. */
async function account({ figures, ledger, client, elapsedMs }: Stage): Promise<void> {
  // Once judged, the figure says how many calls were: the story's own last calls come behind the judgement.
  if (figures.skipped.includes('judgement')) figures.acknowledged = ledger.count;
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
    throw new SkepError('folder-held', {
      message: `a demo runs already: process ${pid} holds ${dir}`,
      id: dir,
      remedy: `Work with that one, end process ${pid}, or give this one another folder with --dir.`,
    });
  }
  if (existsSync(dir) && readdirSync(dir).length > 0 && !isDemoFolder(dir)) {
    throw new SkepError('invalid-input', {
      message: `${dir} holds something else than a demo`,
      id: dir,
      remedy: 'Name a folder that is new or empty with --dir; the demo starts afresh and would remove what is there.',
    });
  }
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  markDemoFolder(dir);
}
