/** What is shown of an agent, or brought back, is what the log says: also when a turn is under way that will never be committed. */
import { defineAgent } from '@skep/actor';
import { agentId, isSkepError, toSkepError } from '@skep/kernel';
import { SkepNode } from '@skep/runtime';
import { LocalClient } from '@skep/sdk';
import { createWorld, type Store, type World } from '@skep/simulated';
import { beforeEach, describe, expect, test } from 'vitest';

const Cell = defineAgent({
  kind: 'cell',
  initial: { value: 0 },
  handlers: {
    set(state, value: number) {
      state.value = value;
    },
  },
});
const CELL = agentId({ tenant: 't', kind: 'cell', name: 'c' });

describe('a turn that is given up because the disk is full', () => {
  let world: World;
  let store: Store;
  let client: LocalClient;
  let node: SkepNode;

  beforeEach(async () => {
    world = createWorld({ seed: 1 });
    store = world.store('disk', { exclusive: true });
    node = await world.drive(SkepNode.start(world.node('node', { stores: store }).ports, { kinds: [Cell] }));
    const options = { dir: null, startedMs: 0, pid: 0, payloadBytes: 1_000_000 };
    client = new LocalClient(node, options);
    for (const value of [1, 2, 3]) await world.drive(client.call(CELL, 'set', value));
    await world.drive(node.host.settleAll());
  });

  /** Begins a look at the agent and, so many events of the world later, a turn that fails. */
  async function meanwhile<Shown>(events: number, look: () => Promise<Shown>, value: number): Promise<Shown | 'refused'> {
    const shown = look().catch((error: unknown) => {
      expect(isSkepError(error)).toBe(true);
      return 'refused' as const;
    });
    if (events > 0) await world.run({ maxEvents: events });
    store.setDiskFull('full');
    const turn = client.call(CELL, 'set', value).catch((error: unknown) => toSkepError(error).code);
    // A turn that finds what it wants to set already there changes nothing, and is answered.
    const outcome = await world.drive(turn);
    if (typeof outcome === 'string') expect(outcome).toBe('disk-full');
    store.setDiskFull('free');
    return world.drive(shown);
  }

  describe.each([0, 1, 2, 3, 4, 5, 6, 8, 10])('%i events after somebody began to look,', (events) => {
    test('is in no history', async () => {
      const shown = await meanwhile(events, () => client.history(CELL), 9);
      expect(shown === 'refused' ? [] : shown.map(({ version }) => version)).not.toContain(4);
    });

    test('is no version that can be looked at, nor one to compare with', async () => {
      expect(await meanwhile(events, () => client.at(CELL, 4), 9)).toBe('refused');
      expect(await meanwhile(events, () => client.diff(CELL, 3, 4), 9)).toBe('refused');
    });

    test('is in no query', async () => {
      const shown = await meanwhile(events, () => client.get(CELL), 9);
      if (shown !== 'refused') expect(shown).toMatchObject({ version: 3, value: { value: 3 } });
    });

    test('does not mislead a restore', async () => {
      const restored = await meanwhile(events, () => client.restore(CELL, { version: 1 }), 1);
      const { version, value } = await world.drive(client.get(CELL));
      if (version === 3) expect([restored, value]).toEqual(['refused', { value: 3 }]);
      else expect(value).toEqual({ value: 1 });
    });

    test('does not mislead a checkpoint', async () => {
      const taken = await meanwhile(events, () => client.checkpoint(CELL, 'now'), 9);
      if (taken !== 'refused') expect(taken.root).toBe((await world.drive(client.at(CELL, taken.version))).root);
    });
  });
});
