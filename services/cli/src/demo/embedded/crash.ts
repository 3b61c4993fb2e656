import { setTimeout as pause } from 'node:timers/promises';
import { HolderProcess } from '../../holder/holder-process.js';
import { countText, msText, rounded } from '../../output/amounts.js';
import { workOn } from '../scenes/work.js';
import type { Scene } from '../stage.js';
import type { EmbeddedStage } from './production.js';

/** The kill waits for at least this many calls on their way. */
const IN_FLIGHT_WANTED = 50;
const CALLS_AFTER = 11_000;
const ON_MS_MIN = 1_000;

export const crash: Scene<EmbeddedStage> = {
  name: 'crash',
  title: 'SIGKILL in the middle',
  needsMs: 3_000,
  after: ['work'],
  async play(stage) {
    const { story, figures, load, ledger } = stage;
    await workOn(stage, { calls: 0, forMs: 300 });
    while (load.inFlight < IN_FLIGHT_WANTED) await pause(1);
    const told = ledger.count;
    const { pid } = stage.holder ?? {};
    figures.inFlightAtKill = load.inFlight;
    const killedMs = performance.now();
    stage.killedAtMs = Date.now();
    await stage.holder?.kill();
    figures.killed = true;
    await load.stop();
    story.tell(`Process ${pid ?? ''} is gone, with ${countText(told)} calls acknowledged and more on their way.`);
    story.figure('calls in flight', countText(figures.inFlightAtKill));
    await recover(stage, killedMs);
    load.start(stage.client);
    await workOn(stage, { calls: CALLS_AFTER, forMs: ON_MS_MIN });
    await load.stop();
    story.figure('calls acknowledged', countText(ledger.count), 'the swarm went on');
  },
};

async function recover(stage: EmbeddedStage, killedMs: number): Promise<void> {
  const { story, figures, load } = stage;
  await stage.holder?.client.close();
  stage.holder = undefined;
  stage.holder = await HolderProcess.start(stage.dir);
  const { client, pid } = stage.holder;
  const served = performance.now() - killedMs;
  figures.retried = load.unanswered.length;
  stage.inFlightAtKill = load.unanswered.map(({ token }) => token);
  await load.retry(client, () => {
    figures.recoveryMs = rounded(performance.now() - killedMs);
  });
  const { recovery } = await client.status();
  story.tell(`Process ${pid} took the folder over. What was unanswered is asked again, under the same operation ids.`);
  story.figure('first answer after the kill', msText(figures.recoveryMs), `${msText(served)} of it until the new process served`);
  story.figure('agents brought back', countText(recovery.agents), `in ${msText(rounded(recovery.ms))}`);
  story.figure('calls asked again', countText(figures.retried), 'all answered');
}
