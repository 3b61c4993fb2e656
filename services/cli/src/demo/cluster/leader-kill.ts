import type { Flavour } from '@skep/nats/servers';
import { msText, plural, rounded } from '../../output/amounts.js';
import { CAST } from '../cast.js';
import { workOn } from '../scenes/work.js';
import type { Scene } from '../stage.js';
import { type ClusterStage, STEADY_PAUSE_MS } from './cluster-stage.js';

/** Elections of the published server take 4 to 9 s, and it may hold another one when a server comes back. */
const NEEDS_MS = { fast: 2_000, stock: 22_000 } as const;
const SETTLED_MS_MAX = 30_000;
const ON_MS = 300;

export const leaderKill = (flavour: Flavour): Scene<ClusterStage> => ({
  name: 'nats-leader-kill',
  title: 'kill -9 of a NATS server that leads',
  needsMs: NEEDS_MS[flavour],
  after: ['work'],
  async play(stage) {
    const { story, figures, load, cluster, client } = stage;
    load.pauseMs = STEADY_PAUSE_MS;
    const { server, streams } = await cluster.writeLeader();
    const { pid } = server;
    const killedMs = performance.now();
    const gone = server.kill();
    let answered = 0;
    await load.probe(client, CAST, () => {
      answered += 1;
      story.status(`${answered} of ${CAST.length} agents write again`);
    });
    const writesStoppedMs = rounded(performance.now() - killedMs);
    await gone;
    story.tell(
      `Server ${server.name}, process ${pid ?? ''}, led ${plural(streams, 'stream')} that the nodes write to. The others elect anew; calls wait.`,
    );
    story.figure('writes stopped for', msText(writesStoppedMs), 'until the last agent had acknowledged a new write');
    const startMs = performance.now();
    await server.start();
    await cluster.servers.settled(SETTLED_MS_MAX);
    const backMs = rounded(performance.now() - startMs);
    figures.natsLeaderKill = { writesStoppedMs, streams, backMs };
    story.figure(`${server.name} is back and in step after`, msText(backMs));
    await workOn(stage, { calls: 0, forMs: ON_MS });
  },
});
