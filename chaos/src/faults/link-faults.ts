/** What happens between nodes and servers, and between servers: through proxies. */
import type { Direction, Toxic, ToxicProxy } from '@skep/nats/servers';
import { type Fault, pause, type Stage } from './fault.js';
import { NODE_NAMES } from './names.js';

interface Trouble {
  readonly name: string;
  readonly toxics: readonly { readonly toxic: Toxic; readonly directions: readonly Direction[] }[];
}

const BOTH: readonly Direction[] = ['upstream', 'downstream'];
const NOTHING: Toxic = { type: 'timeout', attributes: { timeout: 0 } };

const TROUBLES: readonly Trouble[] = [
  { name: 'latency', toxics: [{ toxic: { type: 'latency', attributes: { latency: 120, jitter: 100 } }, directions: BOTH }] },
  { name: 'resets', toxics: [{ toxic: { type: 'reset_peer', attributes: { timeout: 0 } }, directions: ['downstream'] }] },
  { name: 'black hole', toxics: [{ toxic: NOTHING, directions: BOTH }] },
  { name: 'nothing goes out', toxics: [{ toxic: NOTHING, directions: ['upstream'] }] },
  { name: 'nothing comes in', toxics: [{ toxic: NOTHING, directions: ['downstream'] }] },
  { name: 'little bandwidth', toxics: [{ toxic: { type: 'bandwidth', attributes: { rate: 24 } }, directions: BOTH }] },
  { name: 'cut messages', toxics: [{ toxic: { type: 'limit_data', attributes: { bytes: 20_000 } }, directions: BOTH }] },
  {
    name: 'slow close',
    toxics: [
      { toxic: { type: 'slow_close', attributes: { delay: 700 } }, directions: BOTH },
      { toxic: { type: 'limit_data', attributes: { bytes: 20_000 } }, directions: ['downstream'] },
    ],
  },
];
const FOR_MS_MIN = 1_200;
const FOR_MS_MAX = 3_000;

/** One node, on all of its ways to the servers. */
export const nodeLinkFaults: readonly Fault[] = TROUBLES.map((trouble) => ({
  name: `${trouble.name} between a node and NATS`,
  ids: ['Q12', 'G1'],
  needs: 'links',
  strike: async (stage) => {
    const name = stage.random.pick(NODE_NAMES) as string;
    return suffer(stage, trouble, linksOf(stage, name));
  },
}));

/** The two that a test has time for. */
export const nodeBlackHole = mustNamed(nodeLinkFaults, 'black hole');
export const nodeNothingOut = mustNamed(nodeLinkFaults, 'nothing goes out');

/** One server, on all of its ways to the others. */
export const routeFaults: readonly Fault[] = TROUBLES.map((trouble) => ({
  name: `${trouble.name} between a NATS server and the others`,
  ids: ['Q12', 'G1'],
  needs: 'links',
  strike: async (stage) => {
    const server = stage.random.below(stage.site.cluster.servers.length);
    return suffer(stage, trouble, routesOf(stage, server));
  },
}));

export const routeResets = mustNamed(routeFaults, 'resets');

/** A server and its node on one side, everybody else on the other. */
export const partition: Fault = {
  name: 'partition of a server with its node',
  ids: ['Q12', 'G1', 'G3'],
  needs: 'links',
  strike: async (stage) => {
    const { site, random } = stage;
    const server = random.below(site.cluster.servers.length);
    const name = NODE_NAMES[server] as string;
    const away = linksOf(stage, name).filter((_, index) => index !== server);
    const others = NODE_NAMES.filter((each) => each !== name).map((each) => site.link(each, server));
    await Promise.all([...routesOf(stage, server), ...away, ...others].map((proxy) => proxy.cut()));
    await pause(random.between(FOR_MS_MIN, 2 * FOR_MS_MAX));
    await site.heal();
    return {};
  },
};

/** A node reaches no server at all, however long; the others do. */
export const nodeCutOff: Fault = {
  name: 'partition of a node from all servers',
  ids: ['Q12', 'G1', 'G3'],
  needs: 'links',
  strike: async (stage) => {
    const name = stage.random.pick(NODE_NAMES) as string;
    await Promise.all(linksOf(stage, name).map((proxy) => proxy.refuse()));
    await pause(stage.random.between(FOR_MS_MIN, FOR_MS_MAX));
    await stage.site.heal();
    return {};
  },
};

async function suffer({ random, site }: Stage, { toxics }: Trouble, proxies: readonly ToxicProxy[]): Promise<Record<string, number>> {
  await Promise.all(
    proxies.flatMap((proxy) => toxics.flatMap(({ toxic, directions }) => directions.map((direction) => proxy.add(toxic, direction)))),
  );
  await pause(random.between(FOR_MS_MIN, FOR_MS_MAX));
  await site.heal();
  return {};
}

function linksOf({ site }: Stage, name: string): readonly ToxicProxy[] {
  return site.cluster.servers.map((_, index) => site.link(name, index));
}

function routesOf({ site }: Stage, server: number): readonly ToxicProxy[] {
  return site.cluster.servers.flatMap((_, index) => (index === server ? [] : [site.route(server, index)]));
}

function mustNamed(faults: readonly Fault[], start: string): Fault {
  const found = faults.find(({ name }) => name.startsWith(start));
  if (found === undefined) throw new Error(`there is no fault ${start}`);
  return found;
}
