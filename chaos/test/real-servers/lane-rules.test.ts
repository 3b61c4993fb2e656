/** The lane's rules against real servers that do what they do at their worst: writes whose outcome nobody tells, batches sent again, moves in between. */
import { defineAgent } from '@skep/actor';
import { systemClock, systemRandom } from '@skep/embedded';
import { type AgentId, agentId, operationId, SkepError, type Value } from '@skep/kernel';
import { type NatsPorts, natsPorts } from '@skep/nats';
import { type Cluster, natsHere, startCluster } from '@skep/nats/servers';
import type { Ports } from '@skep/ports';
import { callOptions, SkepNode } from '@skep/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const AGENTS = 12;
const CALLS = 20;

const Counter = defineAgent({
  kind: 'counter',
  initial: { count: 0 },
  // They rest at once, so that every call claims and every sweep frees.
  passivateAfterMs: 1,
  handlers: {
    add(state, by: number) {
      state.count += by;
      return state.count;
    },
  },
});

type Doubt = 'took effect' | 'came late' | 'never came';

/** Of every few writes of a port one is not told of: it took effect, takes effect later, or never does. */
function doubtful(ports: Ports, everyNth: number, met: Map<string, number>): Ports {
  const kinds: readonly Doubt[] = ['took effect', 'came late', 'never came'];
  let writes = 0;
  const inDoubt = async <Result>(what: string, write: () => Promise<Result>): Promise<Result> => {
    writes += 1;
    if (writes % everyNth !== 0) return write();
    const kind = kinds[(writes / everyNth) % kinds.length] as Doubt;
    met.set(`${what} ${kind}`, (met.get(`${what} ${kind}`) ?? 0) + 1);
    if (kind === 'took effect') await write().catch(() => {});
    if (kind === 'came late') setTimeout(() => void write().catch(() => {}), 30);
    throw new SkepError('outcome-unknown', { message: `a test says nothing of this ${what}` });
  };
  const { log, registry } = ports;
  return {
    ...ports,
    log: {
      level: log.level,
      exclusive: log.exclusive,
      append: (lane, bytes, expected) => inDoubt('append', () => log.append(lane, bytes, expected)),
      read: (lane, from, options) => log.read(lane, from, options),
      last: (lane) => log.last(lane),
      trim: (lane, below) => log.trim(lane, below),
    },
    registry: {
      get: (key) => registry.get(key),
      update: (key, value, expected) => inDoubt('directory write', () => registry.update(key, value, expected)),
      list: (prefix, options) => registry.list(prefix, options),
      watch: (prefix, listener) => registry.watch(prefix, listener),
    },
  };
}

describe.skipIf(!natsHere())('lanes and directory on three real servers', () => {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await startCluster({ servers: 3 });
    await cluster.ready;
  }, 60_000);
  afterAll(() => cluster?.close());

  it('G1 G3 G4: L3 L4 L8 hold when one in five writes to lanes and directory is not told of', async () => {
    const opened: NatsPorts[] = [];
    const nodes: SkepNode[] = [];
    const met = new Map<string, number>();
    try {
      for (const name of ['n1', 'n2']) {
        const real = natsPorts({ servers: cluster.urls, clock: systemClock, random: systemRandom, name });
        opened.push(real);
        await real.ready;
        const bad = doubtful(real, 5, met);
        nodes.push(await SkepNode.start(bad, { name, kinds: [Counter], settleEveryMs: 20, cluster: { suspectAfterMs: 2_000 } }));
      }
      const versions = new Map<AgentId, number[]>();
      const client = async (at: number): Promise<void> => {
        const agent = agentId({ tenant: 'default', kind: 'counter', name: `c${at}` });
        const seen: number[] = [];
        versions.set(agent, seen);
        for (let call = 0; call < CALLS; call += 1) {
          const slot = { kind: 'operation', id: operationId(systemClock.nowMs(), systemRandom.bytes(10)) } as const;
          const node = nodes[(at + call) % nodes.length] as SkepNode;
          const reply = (await node.request({ agent, method: 'call', parameters: ['add', 1, callOptions({ slot })] }, 60_000)) as { version: Value };
          seen.push(reply.version as number);
        }
      };
      await Promise.all(Array.from({ length: AGENTS }, (_, at) => client(at)));
      expect([...met.keys()].sort()).toEqual(
        ['append', 'directory write'].flatMap((what) => ['came late', 'never came', 'took effect'].map((kind) => `${what} ${kind}`)),
      );
      // Every call took effect once, on a history without a gap: whoever held the agent when.
      for (const seen of versions.values()) expect(seen).toEqual(Array.from({ length: CALLS }, (_, at) => at + 1));
    } finally {
      await Promise.allSettled(nodes.map((node) => node.close()));
      await Promise.allSettled(opened.map((ports) => ports.close()));
    }
  }, 120_000);
});
