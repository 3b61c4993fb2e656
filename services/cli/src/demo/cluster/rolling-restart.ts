import { setTimeout as pause } from 'node:timers/promises';
import { SkepError } from '@skep/kernel';
import { countText, msText, plural, rounded } from '../../output/amounts.js';
import { workOn } from '../scenes/work.js';
import type { Scene } from '../stage.js';
import { type ClusterStage, STEADY_PAUSE_MS } from './cluster-stage.js';
import { NODES } from './demo-cluster.js';

/** What calls may take while nodes come and go; more on a slow machine. */
const DEADLINE_MS = 5_000;
const LOOK_MS = 25;
const KNOWN_MS_MAX = 15_000;
/** What the demo shows has at least so many calls in it. */
const CALLS_WANTED = 11_000;
const ON_MS = 300;

export const rollingRestart: Scene<ClusterStage> = {
  name: 'rolling-restart',
  title: 'All nodes are replaced, one after the other',
  needsMs: 7_000,
  after: ['work'],
  async play(stage) {
    const { story, figures, load, ledger, cluster } = stage;
    const before = { failed: ledger.failed.length, calls: ledger.count, deadlineMs: load.deadlineMs };
    const deadlineMs = Math.ceil(DEADLINE_MS * stage.slowness);
    load.deadlineMs = deadlineMs;
    load.pauseMs = STEADY_PAUSE_MS;
    ledger.measureAnew();
    const startMs = performance.now();
    for (const node of cluster.nodes.nodes) {
      story.status(`${node.name} hands its agents over, ends, and starts again`);
      await node.restart();
      await untilServing(stage);
    }
    cluster.nodes.save();
    const ms = rounded(performance.now() - startMs);
    const sent = new Set(load.sent);
    while (load.sent.some((each) => sent.has(each))) await pause(LOOK_MS);
    load.deadlineMs = before.deadlineMs;
    const { p99 } = ledger.percentiles();
    const failedCalls = ledger.failed.length - before.failed;
    const restart = { failedCalls, deadlineMs, p99Ms: rounded(p99), calls: ledger.count - before.calls, ms };
    figures.rollingRestart = restart;
    story.tell('Each hands its agents to the others before it ends, so nobody has to find out that it is gone.');
    story.figure('replaced in', msText(ms), plural(NODES, 'node'));
    story.figure('calls that failed', countText(failedCalls), `of ${countText(restart.calls)}, each with a deadline of ${msText(deadlineMs)}`);
    story.figure('p99 meanwhile', msText(restart.p99Ms));
    load.pauseMs = 0;
    await workOn(stage, { calls: CALLS_WANTED, forMs: ON_MS });
  },
};

/** Until whichever node is asked knows all of them. @throws SkepError `unavailable` */
async function untilServing({ cluster }: ClusterStage): Promise<void> {
  const endMs = performance.now() + KNOWN_MS_MAX;
  for (;;) {
    const members = await cluster.admin.members().catch(() => []);
    if (members.filter(({ status, suspected }) => status === 'serving' && !suspected).length >= NODES) return;
    if (performance.now() > endMs) {
      throw new SkepError('unavailable', { message: `the nodes did not all serve within ${KNOWN_MS_MAX} ms`, id: cluster.nodes.dir });
    }
    await pause(LOOK_MS);
  }
}
