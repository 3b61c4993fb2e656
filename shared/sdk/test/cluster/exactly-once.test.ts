/** G4 under everything that a bus and a machine can do: each note is kept once or not at all, and each that was answered is kept. */
import { isSkepError } from '@skep/kernel';
import { drawPlan, type FaultPlan, planOf } from '@skep/simulated';
import { describe, expect, it } from 'vitest';
import { sleepers, Town, tally } from './town.js';

const AGENTS = Array.from({ length: 8 }, (_, at) => `t${at}`);

interface Run {
  readonly answered: string[];
  readonly refused: string[];
  readonly unknown: string[];
}

/** Each client notes ids of its own at all agents, some at a time. */
async function notes(town: Town, name: string, count: number, run: Run): Promise<void> {
  const client = town.client({ deadlineMs: 60_000 });
  const note = async (at: number): Promise<void> => {
    const id = `${name}-${at}`;
    try {
      const { value } = await client.call(tally(AGENTS[at % AGENTS.length] as string), 'note', id);
      expect(value).toBe(1);
      run.answered.push(id);
    } catch (error) {
      if (!isSkepError(error)) throw error;
      (error.retry === 'same-operation' ? run.unknown : run.refused).push(`${id}`);
    }
  };
  for (let from = 0; from < count; from += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, at) => note(from + at)));
    await new Promise<void>((resolve) => town.world.at(town.world.now + town.world.random(name).below(1_000), resolve));
  }
}

async function judge(town: Town, run: Run): Promise<void> {
  const reader = town.client();
  const kept = new Map<string, number>();
  for (const name of AGENTS) {
    const seen = (await town.drive(reader.call(tally(name), 'seen'))).value as { readonly [id: string]: number };
    for (const [id, times] of Object.entries(seen)) kept.set(id, times);
  }
  expect([...kept].filter(([, times]) => times !== 1)).toEqual([]);
  expect(run.answered.filter((id) => !kept.has(id))).toEqual([]);
  expect(run.refused.filter((id) => kept.has(id))).toEqual([]);
}

async function runWith(
  seed: number,
  faults: FaultPlan,
  disturb: (town: Town) => void = () => {},
): Promise<{ readonly run: Run; readonly town: Town }> {
  sleepers.length = 0;
  const town = await Town.of(['n1', 'n2', 'n3'], { seed, faults });
  const run: Run = { answered: [], refused: [], unknown: [] };
  const work = Promise.all(['c1', 'c2', 'c3'].map((name) => notes(town, name, 100, run)));
  disturb(town);
  await town.drive(work);
  town.world.heal();
  await town.wait(10_000);
  await judge(town, run);
  return { run, town };
}

describe('G4 Q11: exactly once over a bus that loses and doubles', () => {
  it.each([1, 2, 3, 4, 5, 6])('messages lost and doubled, seed %i: every call is answered', async (seed) => {
    const { run, town } = await runWith(seed, planOf({ messageLostChance: 0.08, messageTwiceChance: 0.15, slowChance: 0.1, slowMsMax: 300 }));
    expect(run.answered).toHaveLength(300);
    expect(town.world.occurred.get('message lost') ?? 0).toBeGreaterThan(0);
    expect(town.world.occurred.get('message twice') ?? 0).toBeGreaterThan(0);
  });

  it.each([11, 12, 13, 14])('a node dies in the middle, seed %i: nothing acknowledged is lost, nothing runs twice', async (seed) => {
    const { run } = await runWith(seed, planOf({ messageLostChance: 0.02, messageTwiceChance: 0.05 }), (town) => {
      const { now } = town.world;
      town.world.at(now + 500, () => town.kill('n2'));
      town.world.at(now + 2_000, () => void town.startOne('n2'));
      town.world.at(now + 3_500, () => town.kill('n1'));
    });
    expect(run.answered).toHaveLength(300);
  });

  it.each([31, 32, 33, 34, 35, 36])(
    'everything that a seed draws, stores and clocks included, seed %i: nothing runs twice, nothing acknowledged is lost',
    async (seed) => {
      const { run } = await runWith(seed, drawPlan(String(seed), { horizonMs: 20_000 }));
      expect(run.answered.length).toBeGreaterThan(0);
    },
  );

  it.each([21, 22, 23])('commands that change something are done once, although frames are lost and doubled, seed %i', async (seed) => {
    const town = await Town.of(['n1', 'n2'], { seed, faults: planOf({ messageLostChance: 0.05, messageTwiceChance: 0.3 }) });
    const client = town.client({ deadlineMs: 20_000 });
    const outcomes = new Map<string, number>();
    for (let at = 0; at < 60; at += 1) {
      const made = await town.drive(
        client.create(tally(`made${at}`)).then(
          ({ agent }) => agent,
          (error) => error.code as string,
        ),
      );
      if (made === 'timeout') expect(await town.drive(client.get(tally(`made${at}`)))).toMatchObject({ version: 0 });
      const outcome = made === 'timeout' ? made : 'made';
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      // It would be refused if it had been made twice.
      if (outcome === 'made') expect(made).toBe(tally(`made${at}`));
    }
    expect(outcomes.get('made') ?? 0).toBeGreaterThan(40);
  });
});

describe('G1 G4: a node that is believed dead and lives', () => {
  it('comes back as another incarnation, and its clients find it again', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    const client = town.client();
    const all = () => Promise.all(AGENTS.map(async (name) => (await client.call(tally(name), 'add', 1)).value));
    await town.drive(all());
    const before = town.node('n1').node.id;
    const mend = ['n2', 'n3'].map((other) => town.world.cut({ from: 'n1', to: other, way: 'both' }));
    await town.wait(3_000);
    expect(await town.drive(all())).toEqual(AGENTS.map(() => 2));
    for (const done of mend) done();
    await town.wait(10_000);
    expect(town.node('n1').node.id).not.toBe(before);
    expect(await town.drive(all())).toEqual(AGENTS.map(() => 3));
    for (let at = 0; at < 30; at += 1) await town.drive(client.call(tally(`new${at}`), 'add', 1));
    expect(town.node('n1').node.host.roster.size).toBeGreaterThan(0);
    expect(await town.drive(client.status())).toMatchObject({ nodes: [{ node: 'n1' }, { node: 'n2' }, { node: 'n3' }] });
  });
});

describe('G4: a client cut off from the node that holds an agent', () => {
  it('goes another way, and nothing takes effect twice', async () => {
    const town = await Town.of(['n1', 'n2', 'n3']);
    const client = town.client();
    const all = (by: number) => Promise.all(AGENTS.map(async (name) => (await client.call(tally(name), 'add', by)).value));
    await town.drive(all(1));
    const mend = town.world.cut({ from: 'client1', to: 'n2', way: 'one' });
    expect(await town.drive(all(1))).toEqual(AGENTS.map(() => 2));
    mend();
    const again = town.world.cut({ from: 'n3', to: 'client1', way: 'one' });
    expect(await town.drive(all(1))).toEqual(AGENTS.map(() => 3));
    again();
    expect(await town.drive(all(1))).toEqual(AGENTS.map(() => 4));
  });
});
