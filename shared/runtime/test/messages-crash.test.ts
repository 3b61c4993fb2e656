import { defineAgent } from '@skep/actor';
import { describe, expect, it } from 'vitest';
import { crashEverywhere } from './crash-points.js';
import { Hive, id, type Life } from './hive.js';

const Purse = defineAgent({
  kind: 'purse',
  initial: { coins: 100, sent: 0, got: [] as string[] },
  handlers: {
    /** Passes coins on along a path drawn from the turn's own chance. */
    pass(state, { hops, others, coins }: { hops: number; others: number; coins: number }, context) {
      state.coins -= coins;
      state.sent += 1;
      const to = `p${Math.floor(context.random() * others)}`;
      context.send({ kind: 'purse', name: to }, 'receive', { hops, others, coins, from: context.name, number: state.sent });
    },
    receive(state, given: { hops: number; others: number; coins: number; from: string; number: number }, context) {
      state.coins += given.coins;
      state.got.push(`${given.from} ${given.number}`);
      if (given.hops === 0) return;
      state.coins -= given.coins;
      state.sent += 1;
      const to = `p${Math.floor(context.random() * given.others)}`;
      context.send({ kind: 'purse', name: to }, 'receive', { ...given, hops: given.hops - 1, from: context.name, number: state.sent });
    },
  },
});

interface PurseState {
  readonly coins: number;
  readonly sent: number;
  readonly got: readonly string[];
}

const purse = (at: number) => id('purse', `p${at}`);

async function purses(life: Life, count: number): Promise<readonly PurseState[]> {
  return Promise.all(Array.from({ length: count }, async (_, at) => (await life.state(purse(at))) as unknown as PurseState));
}

/** No coin is made or lost, no message taken twice or left out, and each pair's messages came in order. */
function judge(states: readonly PurseState[], point: string): void {
  const where = (what: unknown) => [point, what];
  expect(where(states.reduce((sum, { coins }) => sum + coins, 0))).toEqual(where(states.length * 100));
  const received = states.flatMap(({ got }) => got);
  const sent = states.flatMap(({ sent: count }, at) => Array.from({ length: count }, (_, number) => `p${at} ${number + 1}`));
  expect(where(received.slice().sort())).toEqual(where(sent.sort()));
  for (const { got } of states) {
    const last = new Map<string, number>();
    for (const [from, number] of got.map((each) => each.split(' ') as [string, string])) {
      expect(where(Number(number) > (last.get(from) ?? 0))).toEqual(where(true));
      last.set(from, Number(number));
    }
  }
}

async function idle(world: Hive, life: Life): Promise<void> {
  await world.until(() =>
    [...life.node.host.roster.all()].every(({ state, taken, mailbox }) => {
      return mailbox.size === 0 && (state?.outbox ?? []).every((item) => item.sequence <= (taken.get(item.to) ?? 0));
    }),
  );
}

describe('O6 G4: messages of a swarm whose process dies', () => {
  it('at every point of the way take effect exactly once and in order per pair', async () => {
    const points = await crashEverywhere({
      kinds: [Purse],
      work: async (life, world) => {
        operations = Array.from({ length: 3 }, () => world.operation());
        await Promise.all(operations.map((slot, at) => life.call(purse(at), 'pass', { hops: 6, others: 4, coins: 7 }, { slot })));
        await idle(world, life);
      },
      finish: async (life, world) => {
        await world.driven(Promise.all(operations.map((slot, at) => life.call(purse(at), 'pass', { hops: 6, others: 4, coins: 7 }, { slot }))));
        await idle(world, life);
      },
      check: async ({ life, point }) => {
        const states = await purses(life, 4);
        judge(states, point);
        expect([point, states.reduce((sum, { sent }) => sum + sent, 0)]).toEqual([point, 3 * 7]);
      },
    });
    expect(points).toBeGreaterThan(3);
  });

  it('with snapshots in between, at every point as well', async () => {
    const points = await crashEverywhere({
      kinds: [Purse],
      options: { settleEveryMs: 10 },
      work: async (life, world) => {
        operations = Array.from({ length: 12 }, () => world.operation());
        for (const [at, slot] of operations.entries()) {
          void life.call(purse(at % 4), 'pass', { hops: 3, others: 4, coins: 7 }, { slot }).catch(() => {});
          await world.clock.advance(7);
        }
        await idle(world, life);
      },
      finish: async (life, world) => {
        const calls = operations.map((slot, at) => life.call(purse(at % 4), 'pass', { hops: 3, others: 4, coins: 7 }, { slot }));
        await world.driven(Promise.all(calls));
        await idle(world, life);
      },
      check: async ({ life, point }) => {
        const states = await purses(life, 4);
        judge(states, point);
        expect([point, states.reduce((sum, { sent }) => sum + sent, 0)]).toEqual([point, 12 * 4]);
      },
    });
    expect(points).toBeGreaterThan(30);
  }, 60_000);

  it('among a thousand agents conserve what they carry, crash after crash', async () => {
    const COUNT = 1_000;
    const world = new Hive([Purse], { settleEveryMs: 200 }, 7);
    let life = await world.start();
    const slots = Array.from({ length: COUNT }, () => world.operation());
    const pass = (at: number) => life.call(purse(at), 'pass', { hops: 5, others: COUNT, coins: 3 }, { slot: slots[at] ?? world.operation() });
    for (let crash = 0; crash < 4; crash += 1) {
      for (let at = crash * 250; at < (crash + 1) * 250; at += 1) void pass(at).catch(() => {});
      let appends = 0;
      life.controls.append = async (run) => {
        appends += 1;
        if (appends > 3 + crash) life.crash();
        return run();
      };
      await world.until(() => !life.controls.isAlive);
      life = await world.start();
    }
    await world.driven(Promise.all(slots.map((_, at) => pass(at))));
    await idle(world, life);
    const states = await purses(life, COUNT);
    judge(states, 'four crashes');
    expect(states.reduce((sum, { sent }) => sum + sent, 0)).toBe(COUNT * 6);
  }, 60_000);
});

let operations: { readonly kind: 'operation'; readonly id: string }[] = [];
