/**
 * A process that holds a folder and dies when it is told to: `node worker.js FOLDER START EFFECTS [hasty]`. START counts the starts from
 * 1; effects of steps are appended to the file EFFECTS, a JSON line each. `hasty` plants a mistake: replies leave before their batch is on
 * the disk (L6).
 */
import { appendFileSync } from 'node:fs';
import type { SkepNode } from '@skep/runtime';
import { openSkep } from '@skep/sdk';
import { swarmKinds } from '../simulator/swarm.js';

const PASSIVATE_AFTER_MS = 40;
const SETTLE_EVERY_MS = 60;

const [dir, start, effects, mistake] = process.argv.slice(2);
if (dir === undefined || start === undefined || effects === undefined) throw new Error('node worker.js FOLDER START EFFECTS');

const kinds = swarmKinds(PASSIVATE_AFTER_MS, {
  effect: (effect) => appendFileSync(effects, `${JSON.stringify({ ...effect, incarnation: Number(start) })}\n`),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / 50)),
});
const warnings: string[] = [];
const skep = await openSkep({ dir, kinds, settleEveryMs: SETTLE_EVERY_MS, onWarning: (text) => warnings.push(text) });
if (mistake === 'hasty') openGate((skep as unknown as { readonly parts: { readonly node: SkepNode } }).parts.node);
process.stdout.write(`${JSON.stringify({ up: true })}\n`);
const { agents, ms } = await skep.recovered;
process.stdout.write(`${JSON.stringify({ recovered: agents, ms, warnings })}\n`);
// Lives until it is killed.
setInterval(() => undefined, 60_000);

function openGate({ host }: SkepNode): void {
  host.released(Number.MAX_SAFE_INTEGER);
  host.released = () => undefined;
}
