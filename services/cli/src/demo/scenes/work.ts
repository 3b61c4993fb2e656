/** The swarm at work, measured. Also used after the crash, when it goes on. */
import { setTimeout as pause } from 'node:timers/promises';
import { countText, msText, rounded } from '../../output/amounts.js';
import { CAST, countOf } from '../cast.js';
import type { Scene, Stage } from '../stage.js';

const LOOK_EVERY_MS = 100;
/** Enough for figures that mean something, and for what follows. */
const CALLS_WANTED = 8_000;
const WORK_MS_MIN = 2_000;
const SHARE_MIN = 0.2;
const WORK_MS_MAX = 12_000;

export const work: Scene = {
  name: 'work',
  title: 'The swarm works',
  needsMs: 2_500,
  after: [],
  async play(stage) {
    const { story, figures, ledger } = stage;
    story.tell(
      `${countOf('planner')} planners, ${countOf('worker')} workers and ${countOf('reviewer')} reviewers: they share plans, send work back and forth, ask each other,`,
    );
    story.tell(`and keep memories. ${stage.words.home}`);
    stage.load.start(stage.client);
    // The first moments belong to the compiler.
    await workOn(stage, { calls: CAST.length, forMs: 300 });
    const before = await stage.client.status();
    const callsBefore = ledger.count;
    const startMs = performance.now();
    ledger.measureAnew();
    await workOn(stage, { calls: CALLS_WANTED, forMs: WORK_MS_MIN });
    const elapsedMs = performance.now() - startMs;
    const after = await stage.client.status();
    const { p50, p99 } = ledger.percentiles();
    figures.turnsPerSecond = Math.round(((after.turns - before.turns) * 1000) / elapsedMs);
    figures.callsPerSecond = Math.round(((ledger.count - callsBefore) * 1000) / elapsedMs);
    figures.p50Ms = rounded(p50);
    figures.p99Ms = rounded(p99);
    figures.level = ledger.level;
    story.figure('calls acknowledged', countText(ledger.count), `${countText(figures.callsPerSecond)} a second`);
    story.figure('turns a second', countText(figures.turnsPerSecond), 'messages between agents included');
    story.figure('answered in, median', msText(p50), `p99 ${msText(p99)}, with ${countText(stage.load.inFlight)} calls in flight`);
    story.figure('level', ledger.level, stage.words.level);
  },
};

export interface WorkGoal {
  readonly calls: number;
  /** At least this long. */
  readonly forMs: number;
}

/** Until the ledger holds that many calls, within the time that the scene has. The load must run. */
export async function workOn(stage: Stage, { calls, forMs }: WorkGoal): Promise<void> {
  const { ledger, story } = stage;
  const startMs = performance.now();
  // Where time is too short for every scene, this one still gets a part of what there is.
  const floorMs = Math.min(forMs, stage.leftMs * SHARE_MIN);
  for (;;) {
    const elapsedMs = performance.now() - startMs;
    const enough = ledger.count >= calls && elapsedMs >= forMs;
    if (enough || elapsedMs >= WORK_MS_MAX || (stage.spareMs <= 0 && elapsedMs >= floorMs)) return;
    story.status(`${countText(ledger.count)} calls acknowledged`);
    await pause(LOOK_EVERY_MS);
  }
}
