/**
 * Restate: three servers with an fsync for each record, each record on two of them before it counts (a majority of three), and one process
 * that serves virtual objects. What changes in a turn is a key of its own, so that a turn need not write the whole state.
 */
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { createServer as http2Server } from 'node:http2';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { finish, initialState, latencies, load, rates, task } from './peer.mjs';

// Without a line for each turn.
Object.assign(process.env, { RESTATE_LOGGING: 'ERROR', NODE_ENV: 'production' });
// Node 20 lacks what the SDK takes for given.
Promise.withResolvers ??= () => {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
};
const restate = await load('@restatedev/restate-sdk');

const SERVERS = 3;
const CALLERS = 64;
const START_MS = 90_000;
const NEIGHBOURS = 8;
const binary = fileURLToPath(import.meta.resolve(`@restatedev/restate-server-${process.platform}-${process.arch}/bin/restate-server`));

let live = false;
let turns = 0;
const nextOf = (name, hop) => (Number(name) + 1 + ((hop * 5) % NEIGHBOURS) * 37) % task.agents;
const turn = async (ctx, by) => {
  turns += 1;
  const step = ((await ctx.get('step')) ?? 0) + by;
  ctx.set('step', step);
  return step;
};
const worker = restate.object({
  name: 'worker',
  handlers: {
    async begin(ctx) {
      const { step, ...rest } = initialState(ctx.key);
      ctx.set('rest', rest);
      ctx.set('step', step);
    },
    step: turn,
    async pass(ctx, hop) {
      await turn(ctx, 1);
      if (live) ctx.objectSendClient({ name: 'worker' }, String(nextOf(ctx.key, hop))).pass(hop + 1);
    },
  },
});

/** Ends the servers when this process is gone, however it went: its standard input closes then. */
const GUARDIAN = `
const pids = [];
process.stdin.on('data', (chunk) => pids.push(...String(chunk).split('\\n').filter(Boolean).map(Number)));
process.stdin.on('close', () => { for (const pid of pids) try { process.kill(pid, 'SIGKILL') } catch {} });
`;
const guardian = spawn(process.execPath, ['-e', GUARDIAN], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });

const free = async (count) => {
  const held = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = held.map((server) => server.address().port);
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

const ports = await free(SERVERS * 3 + 1);
const at = (server, what) => `127.0.0.1:${ports[server * 3 + what]}`;
const [NODE, INGRESS, ADMIN] = [0, 1, 2];
const addresses = Array.from({ length: SERVERS }, (_, server) => `http://${at(server, NODE)}`);
for (let server = 0; server < SERVERS; server += 1) {
  const dir = join(task.dir, `restate-${server}`);
  mkdirSync(dir, { recursive: true });
  const child = spawn(binary, ['--no-logo'], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      RESTATE_CLUSTER_NAME: 'bench',
      RESTATE_NODE_NAME: `r${server + 1}`,
      RESTATE_BASE_DIR: dir,
      RESTATE_AUTO_PROVISION: String(server === 0),
      RESTATE_DEFAULT_REPLICATION: '2',
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_ROCKSDB_TOTAL_MEMORY_SIZE: '512 MiB',
      RESTATE_METADATA_CLIENT__ADDRESSES: JSON.stringify(addresses),
      RESTATE_BIND_ADDRESS: at(server, NODE),
      RESTATE_ADVERTISED_ADDRESS: addresses[server],
      RESTATE_INGRESS__BIND_ADDRESS: at(server, INGRESS),
      RESTATE_ADMIN__BIND_ADDRESS: at(server, ADMIN),
      RESTATE_LOG_FILTER: 'warn',
    },
  });
  const log = createWriteStream(join(dir, 'log'));
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  guardian.stdin.write(`${child.pid}\n`);
}

const until = async (what, work) => {
  const endMs = performance.now() + START_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (performance.now() > endMs) throw new Error(`${what}: ${error.message} ${error.cause?.message ?? ''}`);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
};
const post = async (url, body) => {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 200)}`);
  return text === '' ? null : JSON.parse(text);
};

const endpointPort = ports[SERVERS * 3];
http2Server(restate.createEndpointHandler({ services: [worker] })).listen(endpointPort, '127.0.0.1');
await until('restate did not take the service', () => post(`http://${at(0, ADMIN)}/deployments`, { uri: `http://127.0.0.1:${endpointPort}` }));
const call = (index, method, body) => post(`http://${at(index % SERVERS, INGRESS)}/worker/${index}/${method}`, body);
for (let server = 0; server < SERVERS; server += 1) await until('restate does not answer', () => call(server, 'step', 1));
await Promise.all(
  Array.from({ length: CALLERS }, async (_, caller) => {
    for (let index = caller; index < task.agents; index += CALLERS) await call(index, 'begin', null);
  }),
);

/** Messages of agents to agents, about one under way for each. */
async function talking() {
  const samples = [];
  live = true;
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (let index = caller; index < task.agents; index += CALLERS) await call(index, 'pass/send', index);
    }),
  );
  for (let round = -1; round < task.rounds; round += 1) {
    const before = turns;
    const startMs = performance.now();
    await new Promise((resolve) => setTimeout(resolve, task.roundMs));
    if (round >= 0) samples.push(((turns - before) * 1000) / (performance.now() - startMs));
  }
  live = false;
  return samples;
}

const step = (index) => call(index, 'step', 1);
const note =
  'restate-server 1.7.12 and restate-sdk 1.17.2; 3 servers, replication 2 of 3, WAL fsync on (its default), 24 partitions, one process of services';
const replicated = { level: 'fsync', name: 'Restate, 3 servers', note };
finish([
  { id: 'peer.restate.hot', unit: 'turns/s', ...replicated, samples: await rates({ callers: CALLERS, over: 1, turn: step }) },
  { id: 'peer.restate.call', unit: 'calls/s', ...replicated, samples: await rates({ callers: task.agents, over: task.agents, turn: step }) },
  { id: 'peer.restate.call.sequential', unit: 'ms', ...replicated, samples: await latencies(() => step(0)) },
  { id: 'peer.restate.talking', unit: 'turns/s', ...replicated, samples: await talking() },
]);
