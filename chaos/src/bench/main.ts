/**
 * The benchmark: `npm run bench`, on one node; `npm run bench -- cluster`, on many; `npm run bench -- state`, of states alone. Its figures are
 * for people and for the table of the README; no test waits for one of them.
 * Progress goes to standard error, the table to standard output; with `--json` the rows do, as one line, and the table to standard error.
 */
import { cpus, loadavg } from 'node:os';
import { type GroupName, type Options, parseOptions, USAGE, UsageError } from './options.js';
import { besidePeers } from './peers.js';
import { profiled } from './profile.js';
import type { Row } from './row.js';
import { planOf, type Run, type Scene, type SceneGroup } from './scene.js';
import { ask } from './scenes/ask.js';
import { clusterScenes } from './scenes/cluster/index.js';
import { turnHot, turnSequential } from './scenes/one-agent.js';
import { callSocket } from './scenes/socket.js';
import { activateCold, recover } from './scenes/start.js';
import { stateScenes } from './scenes/state/index.js';
import { turnLocal, turnMemory } from './scenes/turns.js';
import { makeScratch } from './scratch.js';
import { tableOf } from './table.js';

const GROUPS: Readonly<Record<GroupName, () => SceneGroup>> = {
  node: () => ({
    scenes: [turnMemory, turnLocal, turnSequential, turnHot, ask, activateCold, recover, callSocket],
    peers: ['langgraph', 'effect-cluster', 'rivet'],
    close: async () => {},
  }),
  cluster: clusterScenes,
  state: stateScenes,
};

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(args);
  if (options.help) return void process.stdout.write(USAGE);
  const group = GROUPS[options.group]();
  const scenes = chosen(group, options.only);
  const say = (text: string) => void process.stderr.write(`bench: ${text}\n`);
  const scratch = makeScratch();
  const run: Run = {
    plan: planOf(options),
    get conditions() {
      return conditions(options);
    },
    folder: scratch.folder,
    say,
  };
  let rows: readonly Row[] = [];
  // A swarm in memory waits on timers that do not keep a process alive.
  const awake = setInterval(() => {}, 60_000);
  try {
    for (const [index, scene] of scenes.entries()) {
      say(`${index + 1}/${scenes.length} ${scene.id}`);
      const measure = () => scene.run(run);
      rows = [...rows, ...(options.profile ? await profiled({ id: scene.id, say }, measure) : await measure())];
    }
    await group.close();
    if (options.peers) rows = await besidePeers(rows, run, group.peers);
  } finally {
    await group.close();
    clearInterval(awake);
    scratch.remove();
  }
  const table = `${tableOf(rows)}\n`;
  if (options.json) {
    process.stderr.write(table);
    process.stdout.write(`${JSON.stringify(rows)}\n`);
  } else process.stdout.write(table);
}

/** Scenes by their ids, or by those of the rows that they print. */
function chosen({ scenes }: SceneGroup, only: readonly string[] | undefined): readonly Scene[] {
  if (only === undefined) return scenes;
  const found = only.map((id) => sceneOf(scenes, id));
  const strange = only.filter((_, at) => found[at] === undefined);
  if (strange.length > 0) throw new UsageError(`there is no scene ${strange.join(', ')}; there are ${scenes.map((scene) => scene.id).join(', ')}`);
  return scenes.filter((scene) => found.includes(scene));
}

/** The rows of a scene have its id, or one that begins with it. */
function sceneOf(scenes: readonly Scene[], id: string): Scene | undefined {
  const at = id.lastIndexOf('.');
  return scenes.find((scene) => scene.id === id) ?? (at < 0 ? undefined : sceneOf(scenes, id.slice(0, at)));
}

function conditions({ profile }: Pick<Options, 'profile'>): string {
  const load = loadavg()[0] ?? 0;
  return `${cpus().length} cores shared with whatever else runs, load ${load.toFixed(1)}, Node ${process.versions.node}${profile ? ', slowed by the profiler' : ''}`;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (isUsage(error)) {
    process.stderr.write(`bench: ${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  } else {
    process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  }
});

function isUsage(error: unknown): error is Error {
  return error instanceof UsageError || (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'));
}
