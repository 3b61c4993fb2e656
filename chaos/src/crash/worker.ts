/**
 * A process that holds a folder and dies when it is told to: `node worker.js FOLDER START EFFECTS`. START counts the starts from 1;
 * effects of steps are appended to the file EFFECTS, a JSON line each.
 */
import { appendFileSync } from 'node:fs';
import { openSkep } from '@skep/sdk';
import { swarmKinds } from '../simulator/swarm.js';

const PASSIVATE_AFTER_MS = 40;
const SETTLE_EVERY_MS = 60;

const [dir, start, effects] = process.argv.slice(2);
if (dir === undefined || start === undefined || effects === undefined) throw new Error('node worker.js FOLDER START EFFECTS');

const kinds = swarmKinds(PASSIVATE_AFTER_MS, {
  effect: (effect) => appendFileSync(effects, `${JSON.stringify({ ...effect, incarnation: Number(start) })}\n`),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 50)),
});
const warnings: string[] = [];
const skep = await openSkep({ dir, kinds, settleEveryMs: SETTLE_EVERY_MS, onWarning: (text) => warnings.push(text) });
process.stdout.write(`${JSON.stringify({ up: true })}\n`);
const { agents, ms } = await skep.recovered;
process.stdout.write(`${JSON.stringify({ recovered: agents, ms, warnings })}\n`);
// Lives until it is killed.
setInterval(() => undefined, 60_000);
