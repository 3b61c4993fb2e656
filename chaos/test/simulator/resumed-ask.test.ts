/** An ask that took effect before a crash takes effect once, also when the agent that was asked cannot be had for a while afterwards (G4). */
import { operationId, SkepError } from '@skep/kernel';
import { decodeBatch } from '@skep/lane';
import type { Log, Ports, Registry } from '@skep/ports';
import { SkepNode } from '@skep/runtime';
import { createWorld } from '@skep/simulated';
import { expect, test } from 'vitest';
import { idOf, swarmKinds } from '../../src/simulator/swarm.js';

const WORKER = idOf('worker', 'w');
const COUNTER = idOf('counter', 'c');
const KINDS = swarmKinds(60_000, { effect: () => undefined, sleep: () => Promise.resolve() });
const FAILURES = 3;

test('a resumed ask goes on asking until it is answered', async () => {
  const world = createWorld({ seed: 1 });
  const store = world.store('disk');
  const first = world.node('node', { stores: store });
  const op = operationId(Date.UTC(2026, 0, 1), new Uint8Array(10));
  const work = { op, steps: [1], ask: 'c' };
  const slot = { kind: 'operation', id: op } as const;

  // The first node dies when what it asked for is in the log, before it hears of it.
  let asked = false;
  const { log } = first.ports;
  const append: Log['append'] = async (lane, bytes, expected) => {
    const holdsAsked = decodeBatch(bytes.slice()).records.some(({ agent }) => agent === COUNTER);
    const result = await log.append(lane, bytes, expected);
    if (!holdsAsked) return result;
    asked = true;
    return new Promise(() => undefined);
  };
  const deaf: Ports = { ...first.ports, log: Object.assign(Object.create(log), { append }) };
  const before = await world.drive(SkepNode.start(deaf, { kinds: KINDS }));
  void before.host.call(WORKER, 'work', work, { slot });
  while (!asked) await world.run({ maxEvents: 1 });
  first.crash();

  // The second one cannot claim the agent that was asked, a few times.
  let failures = FAILURES;
  const second = world.node('node', { stores: store });
  const { registry } = second.ports;
  const update: Registry['update'] = async (key, value, expected) => {
    if (key.endsWith(COUNTER) && failures > 0) {
      failures -= 1;
      throw new SkepError('unavailable', { message: 'not now' });
    }
    return registry.update(key, value, expected);
  };
  const poor: Ports = { ...second.ports, registry: Object.assign(Object.create(registry), { update }) };
  const after = await world.drive(SkepNode.start(poor, { kinds: KINDS }));
  const reply = await world.drive(after.host.call(WORKER, 'work', work, { slot }));
  expect(reply.value).toBe(1);
  expect(failures).toBe(0);
  expect((await world.drive(after.host.call(COUNTER, 'look', null))).value).toEqual({ count: 1, seen: { [`${op} ask`]: 1 } });
});
