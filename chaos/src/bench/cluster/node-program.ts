/** One node of the measured cluster, in a process of its own. It ends with the benchmark. */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock, systemRandom } from '@skep/embedded';
import { type AgentId, incarnationId, isSkepError, laneId, type NodeId, nodeId, parseAgentId, universeId } from '@skep/kernel';
import { type NatsPorts, natsPorts } from '@skep/nats';
import type { Log, Ports } from '@skep/ports';
import { type ClusterNode, type ClusterNodeOptions, openNode } from '@skep/sdk';
import { profiled } from '../profile.js';
import { type Talk, workerKind } from '../swarm.js';
import { hoarderKind } from './hoarder.js';
import type { FromNode, NodeQuestion, NodeQuestions, NodeStart, ToNode } from './node-message.js';

type Task<Question extends NodeQuestion> = NodeQuestions[Question]['task'];
type Answers = { readonly [Question in NodeQuestion]: (task: Task<Question>) => Promise<NodeQuestions[Question]['answer']> };

const ANSWER_MS = 5_000;
const START_ATTEMPTS = 40;
const START_AGAIN_MS = 250;

const talk: Talk = { live: false, turns: 0 };
const traffic = { batches: 0, bytes: 0 };
let ports: NatsPorts | undefined;
let node: ClusterNode | undefined;

const answers: Answers = {
  async start({ name, servers, keyFiles, suspectAfterMs }: NodeStart) {
    const system = { nkeySeed: keyOf(keyFiles.system) };
    ports = natsPorts({ servers, name, nkeySeed: keyOf(keyFiles.node), system, clock: systemClock, random: systemRandom });
    const { level } = await ports.ready;
    const on = ports;
    // What the process of a node does, too (services/node).
    const neighbours = {
      closings: (listener: (node: NodeId) => void) => on.onPeerClosed((peer) => listener(nodeId(peer))),
      link: (listener: (status: 'connected' | 'disconnected') => void) =>
        on.onState(({ kind }) => listener(kind === 'connected' ? 'connected' : 'disconnected')),
      ...(suspectAfterMs === undefined ? {} : { suspectAfterMs }),
    };
    node = await opened({ ...ports, log: counted(ports.log) }, { name, kinds: [workerKind(talk), hoarderKind], ...neighbours });
    await node.recovered;
    await ports.flush();
    return { lane: node.node.driver.id, level };
  },
  async talk({ live }) {
    talk.live = live;
    return null;
  },
  async tally() {
    const { user, system } = process.cpuUsage();
    return { turns: talk.turns, cpuUs: user + system, ...traffic };
  },
  async held() {
    const all = [...must(node).node.host.roster.all()].map(({ agent }) => parseAgentId(agent));
    return all.filter(({ kind }) => kind === 'worker').map(({ name }) => name);
  },
  async append({ bytes, durationMs }) {
    const { log } = must(ports);
    // Another universe: nobody takes this lane for that of a node.
    const lane = laneId(universeId('limit'), 1, incarnationId(nodeId('limit'), systemClock.nowMs(), systemRandom.bytes(10)));
    const batch = new Uint8Array(bytes).fill(0x5a);
    const startMs = performance.now();
    let batches = 0;
    let sequence = 0;
    for (; performance.now() - startMs < durationMs; batches += 1) {
      const result = await log.append(lane, batch.slice(), sequence);
      if (result.kind !== 'appended') throw new Error(`the log refused batch ${batches + 1}`);
      sequence = result.sequence;
    }
    await log.trim(lane, sequence);
    return { batches };
  },
  async hot({ agent, callers, durationMs }) {
    const { host } = must(node).node;
    const startMs = performance.now();
    let turns = 0;
    const loop = async (): Promise<void> => {
      while (performance.now() - startMs < durationMs) {
        await host.call(agent as AgentId, 'step', 1);
        turns += 1;
      }
    };
    await Promise.all(Array.from({ length: callers }, loop));
    return { turns };
  },
  async writes({ agent, durationMs }) {
    // What is refused while the servers elect is asked again until it is done, as for any client.
    const { client } = must(node);
    const startMs = performance.now();
    let longestGapMs = 0;
    let writes = 0;
    for (let lastMs = startMs; lastMs - startMs < durationMs; writes += 1) {
      await client.call(agent as AgentId, 'step', 1);
      const nowMs = performance.now();
      longestGapMs = Math.max(longestGapMs, nowMs - lastMs);
      lastMs = nowMs;
    }
    return { longestGapMs, writes };
  },
  async leader() {
    const { bus } = must(ports);
    const subject = must(node).node.driver.id.replaceAll('/', '.');
    for (let shard = 0; ; shard += 1) {
      const question = JSON.stringify({ subjects_filter: `_skep.LOG.${shard}.${subject}` });
      const answer = await bus.request(`$JS.API.STREAM.INFO._skep-log-${shard}`, new TextEncoder().encode(question), { timeoutMs: ANSWER_MS });
      const { cluster, state, error }: StreamInfo = JSON.parse(new TextDecoder().decode(answer));
      if (error !== undefined) throw new Error(`no stream holds the lane: ${JSON.stringify(error)}`);
      if (state?.subjects !== undefined && cluster?.leader !== undefined) return cluster.leader;
    }
  },
  async migrate({ agent, to }) {
    const { company } = must(node).node;
    return await must(company).migrate(agent as AgentId, to);
  },
  async profile({ id, durationMs }) {
    const lines: string[] = [];
    await profiled({ id, say: (line) => lines.push(line) }, () => pause(durationMs));
    return lines;
  },
};

/** What is read of JetStream's answer. */
interface StreamInfo {
  readonly cluster?: { readonly leader?: string };
  readonly state?: { readonly subjects?: Readonly<Record<string, number>> };
  readonly error?: unknown;
}

/** Servers that have just started may still elect. */
async function opened(on: Ports, options: ClusterNodeOptions): Promise<ClusterNode> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openNode(on, options);
    } catch (error) {
      if (!isSkepError(error, 'unavailable') || attempt === START_ATTEMPTS) throw error;
      await pause(START_AGAIN_MS);
    }
  }
}

function keyOf(file: string): Uint8Array {
  return new TextEncoder().encode(readFileSync(file, 'utf8').trim());
}

/** Everything else is asked of the log itself. */
function counted(log: Log): Log {
  const append: Log['append'] = (lane, bytes, expected) => {
    traffic.batches += 1;
    traffic.bytes += bytes.length;
    return log.append(lane, bytes, expected);
  };
  return Object.create(log, { append: { value: append } }) as Log;
}

function must<Thing>(thing: Thing | undefined): Thing {
  if (thing === undefined) throw new Error('the node was not started');
  return thing;
}

process.on('message', ({ number, question, task }: ToNode) => {
  const answer = answers[question] as (task: unknown) => Promise<unknown>;
  const tell = (message: FromNode): void => void process.send?.(message);
  answer(task).then(
    (found) => tell({ number, answer: found }),
    (error) => tell({ number, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.once('disconnect', () => process.exit());
