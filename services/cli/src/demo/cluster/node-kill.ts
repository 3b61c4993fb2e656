import { setTimeout as pause } from 'node:timers/promises';
import { countText, msText, plural, rounded } from '../../output/amounts.js';
import { CAST } from '../cast.js';
import { workOn } from '../scenes/work.js';
import type { Scene } from '../stage.js';
import { type ClusterStage, STEADY_PAUSE_MS } from './cluster-stage.js';

/** The kill waits for at least this many calls on their way. */
const IN_FLIGHT_WANTED = 50;
const ON_MS = 300;

export const nodeKill: Scene<ClusterStage> = {
  name: 'node-kill',
  title: 'kill -9 of a node',
  needsMs: 3_000,
  after: ['work'],
  async play(stage) {
    const { story, figures, load, ledger, cluster, client } = stage;
    const places = await cluster.places(CAST.map(({ agent }) => agent));
    const heldBy = (name: string) => CAST.filter(({ agent }) => places.get(agent) === name);
    const node = [...cluster.nodes.nodes].sort((one, other) => heldBy(other.name).length - heldBy(one.name).length)[0];
    if (node === undefined) return;
    const held = heldBy(node.name);
    load.pauseMs = 0;
    while (load.inFlight < IN_FLIGHT_WANTED) await pause(1);
    const { pid } = node;
    const told = ledger.count;
    figures.inFlightAtKill = load.inFlight;
    const ofHeld = new Set(held.map(({ agent }) => agent));
    stage.inFlightAtKill = load.sent.filter(({ agent }) => ofHeld.has(agent)).map(({ token }) => token);
    figures.retried = stage.inFlightAtKill.length;
    stage.killedAtMs = Date.now();
    load.pauseMs = STEADY_PAUSE_MS;
    const killedMs = performance.now();
    const gone = node.kill();
    figures.killed = true;
    story.tell(`Process ${pid ?? ''}, node ${node.name}, is gone, with ${countText(told)} calls acknowledged and more on their way.`);
    story.figure('calls in flight', countText(figures.inFlightAtKill), `${countText(figures.retried)} of them to agents of ${node.name}`);
    const backMs: number[] = [];
    await load.probe(client, held, () => {
      backMs.push(rounded(performance.now() - killedMs));
      story.status(`${backMs.length} of ${held.length} agents answer again`);
    });
    await gone;
    const [firstAgentMs = 0, allAgentsMs = 0] = [Math.min(...backMs), Math.max(...backMs)];
    figures.recoveryMs = firstAgentMs;
    story.figure('first agent answered after', msText(firstAgentMs), 'the others agreed that it is gone, and sealed its log');
    story.figure('all of them after', msText(allAgentsMs), `${plural(held.length, 'agent')}, each with a new write`);
    const startMs = performance.now();
    await node.start();
    const kill = { firstAgentMs, allAgentsMs, agents: held.length, backMs: rounded(performance.now() - startMs) };
    figures.nodeKill = kill;
    cluster.nodes.save();
    story.figure(`${node.name} started again, served in`, msText(kill.backMs), 'as a new incarnation: what it once held, others hold now');
    await workOn(stage, { calls: 0, forMs: ON_MS });
    stage.learn(nodeKill, performance.now() - killedMs);
  },
};
