import { defineAgent } from '@skep/actor';
import { describe, expect, it } from 'vitest';
import { codeOf, Door, Hive, id, isSettled, type Life, stateOf } from './hive.js';

const Counter = defineAgent({
  kind: 'counter',
  initial: { count: 0 },
  handlers: {
    add(state, by: number) {
      state.count += by;
      return state.count;
    },
    refuse(state) {
      throw new Error(`the count is ${state.count}`);
    },
    look: (state) => state.count,
    async relay(state, to: string, context) {
      state.count = (await context.ask({ kind: 'counter', name: to }, 'add', 1)) as number;
    },
  },
  queries: { total: (state) => state.count },
});

const A = id('counter', 'a');

/** The log has what it was given, and does not say so until the door opens. */
function holdAcknowledgements({ controls }: Life): Door {
  const door = new Door();
  controls.append = async (run) => {
    const result = await run();
    await door.passed;
    return result;
  };
  return door;
}

describe.each([
  ['a log that this process alone writes', true],
  ['a log that others may write', false],
])('G3 L6: with %s', (_, exclusive) => {
  it('no reply, error or event leaves before the record that it rests on is acknowledged', async () => {
    const world = new Hive([Counter]);
    const life = await world.start({ exclusive });
    await world.driven(life.call(A, 'add', 1));
    const seen: number[] = [];
    life.node.host.onCommitted((turns) => seen.push(...turns.map((turn) => turn.version)));
    const door = holdAcknowledgements(life);
    const work = [life.call(A, 'add', 1), codeOf(life.call(A, 'refuse')), life.call(A, 'look'), life.setStatus(A, 'suspended')];
    const late = codeOf(life.call(A, 'add', 1));
    for (const each of [...work, late]) expect(await isSettled(each)).toBe(false);
    expect(seen).toEqual([]);
    door.open();
    expect(await world.driven(Promise.all(work))).toMatchObject([
      { value: 2, version: 2 },
      'handler-failed',
      { value: 2, version: 2 },
      { version: 2 },
    ]);
    expect(await late).toBe('agent-suspended');
    expect(seen).toEqual([2, 2]);
  });

  it('a strong read waits for what it saw, and for an append of its own where others may write (L7)', async () => {
    const world = new Hive([Counter]);
    const life = await world.start({ exclusive });
    await world.driven(life.call(A, 'add', 1));
    const door = holdAcknowledgements(life);
    const idle = life.call(A, 'total');
    expect(await isSettled(idle)).toBe(exclusive);
    const write = life.call(A, 'add', 1);
    const reads = [life.call(A, 'total'), stateOf(life.node, A)];
    for (const each of [write, ...reads]) expect(await isSettled(each)).toBe(false);
    door.open();
    expect(await world.driven(Promise.all(reads))).toMatchObject([{ value: 2, version: 2 }, { count: 2 }]);
    expect((await world.driven(idle)).version).toBe(1);
  });

  it('turns ride on uncommitted state: many calls need few batches', async () => {
    const world = new Hive([Counter]);
    const life = await world.start({ exclusive });
    await world.driven(life.call(A, 'add', 1));
    const before = life.controls.appends.length;
    await world.driven(Promise.all(Array.from({ length: 1_000 }, (_, at) => life.call(id('counter', `${at % 50}`), 'add', 1))));
    expect(life.controls.appends.length - before).toBeLessThan(20);
  });

  it('history shows nothing that is not acknowledged', async () => {
    const world = new Hive([Counter]);
    const life = await world.start({ exclusive });
    await world.driven(life.call(A, 'add', 1));
    const door = holdAcknowledgements(life);
    const write = life.call(A, 'add', 1);
    await isSettled(write);
    const found = life.node.host.roster.find(A);
    if (found === undefined) throw new Error('it is in memory');
    const { historian } = life.node.host;
    const looks = [historian.at(found, 2), historian.events(found, {}), historian.diff(found, 1, 2)];
    for (const look of looks) expect(await isSettled(look)).toBe(false);
    door.open();
    expect(await world.driven(historian.at(found, 2))).toMatchObject({ version: 2 });
    await world.driven(Promise.all(looks));
  });
});

describe('G3: every reply', () => {
  it('says the version that it shows: no two turns share one, and a read shows the newest acknowledged', async () => {
    const world = new Hive([Counter]);
    const life = await world.start();
    const versions = await Promise.all(Array.from({ length: 300 }, () => life.call(A, 'add', 1)));
    expect(versions.map((reply) => reply.version)).toEqual(versions.map((reply) => reply.value));
    expect(await life.call(A, 'total')).toMatchObject({ value: 300, version: 300 });
  });

  it('of an ask waits for the record of the agent that was asked', async () => {
    const world = new Hive([Counter]);
    const life = await world.start();
    const door = holdAcknowledgements(life);
    const relay = life.call(A, 'relay', 'b');
    expect(await isSettled(relay)).toBe(false);
    door.open();
    await world.driven(relay);
    expect(await life.state(A)).toEqual({ count: 1 });
  });
});
