import type { LaneId } from '@skep/kernel';
import { expect, it } from 'vitest';
import { createWorld, type SimulatedNode } from '../src/index.js';

it('a world runs as many events as it is asked, drawn faults included', async () => {
  const EVENTS = 60_000;
  for (const faults of ['none', 'drawn'] as const) {
    const world = createWorld({ seed: 1, faults });
    const store = world.store('store');
    for (const name of ['one', 'two', 'three']) work(world.node(name, { stores: store }));
    const { events } = await world.run({ maxEvents: EVENTS });
    expect(events).toBe(EVENTS);
  }
});

function work({ name, ports: { log, bus } }: SimulatedNode): void {
  const appending = async () => {
    for (let last = 0; ; ) {
      const result = await log.append(`main/1/${name}` as LaneId, new Uint8Array(200), last).catch(() => undefined);
      if (result !== undefined) last = result.kind === 'appended' ? result.sequence : result.last;
    }
  };
  const asking = async () => {
    for (;;) await bus.request('hello', new Uint8Array(100), { timeoutMs: 1000 }).catch(() => undefined);
  };
  bus.subscribe('hello', (message) => message.reply(message.payload), { queue: 'all' });
  void appending();
  void asking();
}
