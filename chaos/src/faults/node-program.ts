/**
 * A node of a swarm over NATS as a process of its own: `node node-program.js ORDER`, with a channel to its parent; ORDER is a `NodeOrder` as JSON.
 * It ends well on SIGTERM, and at once when its parent is gone.
 */
import { appendFileSync } from 'node:fs';
import { systemClock, systemRandom } from '@skep/embedded';
import { LIMITS, nodeId, toSkepError } from '@skep/kernel';
import { natsPorts } from '@skep/nats';
import { SkepNode } from '@skep/runtime';
import { LocalClient } from '@skep/sdk';
import { perform } from '../cluster-simulator/node-client.js';
import { waitingIn } from '../simulator/audit.js';
import { swarmKinds } from '../simulator/swarm.js';
import { secretOf } from './secret.js';
import type { FromNode, NodeLook, NodeOrder, ToNode } from './talk.js';

const order = JSON.parse(process.argv[2] ?? '{}') as NodeOrder;
/** Real steps are short: what counts is that they are under way when something happens. */
const STEP_SPEED = 20;

process.on('disconnect', () => process.exit(1));
const tell = (message: FromNode): void => void process.send?.(message);

const { name, servers, proxied } = order;
const ports = natsPorts({
  ...{ servers, name, ignoreGossip: proxied, clock: systemClock, random: systemRandom },
  nkeySeed: secretOf(order.keyFile),
  system: { nkeySeed: secretOf(order.systemKeyFile) },
});
await ports.ready;
let local: LocalClient | undefined;
const incarnations = new Set<string>();
const node = await SkepNode.start(ports, {
  name,
  universe: order.universe,
  kinds: swarmKinds(order.passivateAfterMs, {
    effect: (effect) => appendFileSync(order.effectsFile, `${JSON.stringify({ ...effect, incarnation: 0 })}\n`),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms / STEP_SPEED)),
  }),
  settleEveryMs: order.settleEveryMs,
  onAlarm: (agent, error) => tell({ kind: 'alarm', of: agent, error: error.toJSON() }),
  onLaneAlarm: (lane, error) => tell({ kind: 'alarm', of: lane, error: error.toJSON() }),
  cluster: {
    link: (listener) => ports.onState(({ kind }) => listener(kind === 'connected' ? 'connected' : 'disconnected')),
    closings: (listener) => ports.onPeerClosed((peer) => listener(nodeId(peer))),
    perform: (request) => perform(local as LocalClient, request),
  },
});
local = new LocalClient(node, { dir: null, startedMs: Date.now(), pid: process.pid, payloadBytes: LIMITS.payloadBytes });
if (order.mistake === 'hasty') openGate(node);

process.on('message', (message: ToNode) => {
  if (message.kind === 'look') return tell({ kind: 'view', number: message.number, view: look() });
  const { number, request, waitMs } = message;
  node.request(request, waitMs).then(
    (result) => tell({ kind: 'answer', number, result }),
    (error: unknown) => tell({ kind: 'refusal', number, error: toSkepError(error).toJSON() }),
  );
});
process.on('SIGTERM', () => {
  node
    .close()
    .then(() => ports.close())
    .finally(() => process.exit(0));
});
tell({ kind: 'up', incarnation: node.id });

function look(): NodeLook {
  incarnations.add(node.id);
  return {
    incarnation: node.id,
    lane: node.driver.id,
    held: [...node.host.roster.all()].map(({ agent }) => agent).filter((agent) => node.driver.holds(agent)),
    members: (node.company?.view?.view ?? []).map(({ incarnation }) => incarnation),
    waiting: waitingIn(node),
    incarnations: incarnations.size,
  };
}

function openGate({ host }: SkepNode): void {
  host.released(Number.MAX_SAFE_INTEGER);
  host.released = () => undefined;
}
