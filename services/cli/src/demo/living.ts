/** After the story: the swarm lives on, gently, until somebody ends it. */
import { relative } from 'node:path';
import { toSkepError } from '@skep/kernel';
import { waitOr } from '../frame/interruption.js';
import type { Shell } from '../frame/shell.js';
import { countText, msText, plural } from '../output/amounts.js';
import { CAST } from './cast.js';
import type { Production } from './production.js';
import type { Stage } from './stage.js';

/** Each caller's pause: some hundred calls a second in all, so that the machine stays quiet. */
const PAUSE_MS = 500;
const STATUS_EVERY_MS = 1_000;
const LINE_EVERY = 15;

export async function liveOn({ stage, whatToType }: Production, shell: Shell, signal: AbortSignal): Promise<void> {
  const { story, load } = stage;
  tellWhatToType(stage, shell, whatToType);
  load.start(stage.client, PAUSE_MS);
  for (let second = 0; !signal.aborted; second += 1) {
    const line = `alive: ${CAST.length} agents, ${await figuresOf(stage)}`;
    if (story.isLive) story.status(`${line}   Ctrl-C ends`);
    else if (second % LINE_EVERY === 0) story.tell(line);
    await waitOr(STATUS_EVERY_MS, signal);
  }
  await load.stop();
}

/** While a node dies, nobody can say what all of them do. */
async function figuresOf({ client }: Stage): Promise<string> {
  try {
    const { turns, turnsPerSecond, latencyMs, nodes } = await client.status();
    const where = nodes === undefined ? '' : `${plural(nodes.length, 'node')}, `;
    return `${where}${countText(turns)} turns, ${countText(turnsPerSecond)} a second, p50 ${msText(latencyMs.p50)}, p99 ${msText(latencyMs.p99)}`;
  } catch (error) {
    return toSkepError(error).message;
  }
}

function tellWhatToType({ story, dir }: Stage, shell: Shell, more: readonly string[]): void {
  const where = relative(shell.cwd, dir) || dir;
  // From the repository the program is reached through npm.
  const skep = shell.env.npm_lifecycle_event === undefined ? 'skep' : 'npm run -s skep --';
  story.scene('The swarm lives on');
  story.tell('In a second terminal, in this folder:');
  for (const words of [
    'watch',
    'agent ls --kind planner',
    'agent get planner/north plan',
    'agent log worker/north-3 --limit 5',
    'agent diff worker/north-3 1 20',
    'agent call planner/east assign \'{"token":0,"title":"count the hives"}\'',
    ...more,
  ]) {
    story.tell(`  ${skep} ${words} --dir ${where}`);
  }
  story.tell('Ctrl-C here ends it; the data stay until the next demo.');
  story.say('');
}
