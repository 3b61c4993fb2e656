/** What a client does next. */
import type { AgentId, Value } from '@skep/kernel';
import type { Outside } from './outside.js';
import type { RecordingClient } from './recording-client.js';
import { idOf } from './swarm.js';

type Deed = (client: RecordingClient, outside: Outside) => Promise<unknown>;

const COUNTERS = ['a', 'b', 'c'];
const PURSES = ['p', 'q', 'r', 's'];
const WORKERS = ['v', 'w'];
const ALARMS = ['x', 'y'];
const NOTEBOOKS = ['m', 'n'];

const DEEDS: readonly { readonly weight: number; readonly deed: Deed }[] = [
  { weight: 24, deed: (client) => client.write(idOf('counter', one(client, COUNTERS)), 'add', { by: client.random.between(1, 9) }) },
  { weight: 10, deed: (client) => readState(client, anyAgent(client)) },
  { weight: 6, deed: (client) => look(client, anyAgent(client)) },
  { weight: 4, deed: past },
  { weight: 20, deed: pass },
  { weight: 8, deed: work },
  { weight: 5, deed: (client) => client.write(idOf('alarm', one(client, ALARMS)), 'later', { afterMs: client.random.between(0, 3_000) }) },
  {
    weight: 2,
    deed: (client) =>
      client.write(idOf('alarm', one(client, ALARMS)), 'start', { everyMs: client.random.between(20, 600), times: client.random.between(1, 5) }),
  },
  { weight: 7, deed: (client) => client.write(notebook(client), 'write', { title: one(client, ['plan', 'diary', 'draft']) }) },
  { weight: 6, deed: (client) => client.write(notebook(client), one(client, ['insert', 'tear']), { at: client.random.below(50) }) },
  { weight: 3, deed: checkpoint },
  { weight: 3, deed: restore },
  { weight: 2, deed: branch },
  { weight: 4, deed: at },
  { weight: 3, deed: history },
];

const WEIGHT = DEEDS.reduce((sum, { weight }) => sum + weight, 0);

export interface ClientTask {
  readonly operations: number;
  /** Longest pause before an operation. */
  readonly thinkMsMax: number;
}

export async function runClient(client: RecordingClient, outside: Outside, { operations, thinkMsMax }: ClientTask): Promise<void> {
  for (let count = 0; count < operations; count += 1) {
    await client.pause(client.random.between(0, thinkMsMax));
    let drawn = client.random.below(WEIGHT);
    const { deed } = DEEDS.find(({ weight }) => {
      drawn -= weight;
      return drawn < 0;
    }) as (typeof DEEDS)[number];
    await deed(client, outside);
  }
}

function one(client: RecordingClient, names: readonly string[]): string {
  return names[client.random.below(names.length)] as string;
}

function notebook(client: RecordingClient): AgentId {
  return idOf('notebook', one(client, NOTEBOOKS));
}

function anyAgent(client: RecordingClient): AgentId {
  switch (client.random.below(5)) {
    case 0:
      return idOf('purse', one(client, PURSES));
    case 1:
      return idOf('worker', one(client, WORKERS));
    case 2:
      return notebook(client);
    default:
      return idOf('counter', one(client, COUNTERS));
  }
}

function readState(client: RecordingClient, agent: AgentId): Promise<unknown> {
  return client.read(
    agent,
    'get',
    (node) => node.get(agent),
    (shown) => shown.value,
  );
}

function look(client: RecordingClient, agent: AgentId): Promise<unknown> {
  return client.read(
    agent,
    'look',
    (node) => node.call(agent, 'look'),
    (reply) => reply.value,
  );
}

async function past(client: RecordingClient, outside: Outside): Promise<void> {
  const agent = idOf('counter', one(client, COUNTERS));
  type Shown = { readonly state: Value; readonly events: readonly { readonly position: number; readonly version: number; readonly type: string }[] };
  const reply = await client.read(
    agent,
    'past',
    (node) => node.call(agent, 'past'),
    (shown) => (shown.value as unknown as Shown).state,
  );
  if (reply !== undefined) outside.events.push(...(reply.value as unknown as Shown).events.map((event) => ({ agent, ...event })));
}

async function pass(client: RecordingClient): Promise<void> {
  const from = one(client, PURSES);
  const to = one(
    client,
    PURSES.filter((name) => name !== from),
  );
  await client.write(idOf('purse', from), 'pass', { to, amount: client.random.between(1, 12), hops: client.random.below(4) });
}

async function work(client: RecordingClient): Promise<void> {
  const steps = Array.from({ length: client.random.between(1, 3) }, () => client.random.between(1, 300));
  const ask = client.random.below(2) === 0 ? one(client, COUNTERS) : null;
  await client.write(idOf('worker', one(client, WORKERS)), 'work', { steps, ask });
}

function checkpoint(client: RecordingClient): Promise<unknown> {
  const agent = notebook(client);
  const name = `c${client.random.below(1000)}`;
  return client.read(
    agent,
    'checkpoint',
    (node) => node.checkpoint(agent, name),
    () => undefined,
  );
}

/** To a version that is known to exist. */
async function restore(client: RecordingClient): Promise<void> {
  const agent = notebook(client);
  const known = await client.read(
    agent,
    'get',
    (node) => node.get(agent),
    (shown) => shown.value,
  );
  if (known === undefined || known.version === 0) return;
  const version = client.random.below(known.version + 1);
  await client.read(
    agent,
    'restore',
    (node) => node.restore(agent, { version }),
    (shown) => shown.value,
  );
}

async function branch(client: RecordingClient): Promise<void> {
  const agent = notebook(client);
  const name = `branch-${client.random.below(1_000_000)}`;
  const made = await client.attempt((node) => node.branch(agent, name));
  if (made.kind === 'answered') await readState(client, idOf('notebook', name));
}

async function at(client: RecordingClient, outside: Outside): Promise<void> {
  const agent = anyAgent(client);
  const known = await client.attempt((node) => node.get(agent));
  if (known.kind !== 'answered' || known.result.version === 0) return;
  const version = client.random.below(known.result.version + 1);
  const shown = await client.attempt((node) => node.at(agent, version));
  if (shown.kind === 'answered') outside.past.push({ agent, version, value: shown.result.value });
}

async function history(client: RecordingClient, outside: Outside): Promise<void> {
  const agent = anyAgent(client);
  const shown = await client.attempt((node) => node.history(agent, { limit: 20 }));
  if (shown.kind === 'answered') outside.events.push(...shown.result.map(({ position, version, type }) => ({ agent, position, version, type })));
}
