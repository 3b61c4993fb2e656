/** Closes watchdogs while their threads are still starting, at many moments of the start. */
import { setTimeout as pause } from 'node:timers/promises';
import { startWatchdog } from '../../dist/index.js';

const MOMENTS = 60;

for (let moment = 0; moment < MOMENTS; moment += 1) {
  const watchdog = startWatchdog({ limitMs: 1000, report: () => undefined });
  await pause(moment);
  await watchdog.close();
}
process.stdout.write(`${JSON.stringify({ closed: MOMENTS })}\n`);
