/** How many agents a node holds in memory, whatever ids it is asked for. */
import { defineAgent } from '@skep/actor';
import type { AgentId } from '@skep/kernel';
import { describe, expect, it } from 'vitest';
import { codeOf, Door, Hive, id, type Life } from './hive.js';

let door: Door | undefined;
const Note = defineAgent({
  kind: 'note',
  initial: { text: '', heard: 0 },
  handlers: {
    write(state, text: string) {
      state.text = text;
      return text;
    },
    async slow(state) {
      await door?.passed;
      state.text = 'slow';
    },
    tell(_state, to: string, context) {
      context.send({ kind: 'note', name: to }, 'hear', null);
    },
    hear(state) {
      state.heard += 1;
    },
  },
});

const MOST = 500;
const ids = (count: number, name = 'n'): readonly AgentId[] => Array.from({ length: count }, (_, at) => id('note', `${name}${at}`));

async function small(activations: number): Promise<{ readonly world: Hive; readonly life: Life; readonly largest: () => number }> {
  const world = new Hive([Note], { limits: { activations } });
  const life = await world.start();
  let largest = 0;
  life.node.host.onCommitted(() => {
    largest = Math.max(largest, life.node.host.roster.size);
  });
  return { world, life, largest: () => largest };
}

describe('V10: agents in memory are bounded', () => {
  it('10,000 new ids at once: each is answered or refused as overloaded, and what was answered is there', async () => {
    const { world, life, largest } = await small(MOST);
    const { roster } = life.node.host;
    const agents = ids(10_000);
    const outcomes = agents.map((agent) => codeOf(life.call(agent, 'write', agent)));
    expect(roster.size).toBe(MOST);
    const codes = await world.driven(Promise.all(outcomes));
    expect(largest()).toBeLessThanOrEqual(MOST);
    expect(new Set(codes)).toEqual(new Set(['done', 'overloaded']));
    const answered = agents.filter((_, at) => codes[at] === 'done');
    expect(answered.length).toBeGreaterThanOrEqual(MOST);
    life.crash();
    const next = await world.start();
    for (const agent of answered) expect(await world.driven(next.state(agent))).toMatchObject({ text: agent });
  });

  it('one after the other all 3,000 are answered: those that were idle longest make room', async () => {
    const { world, life, largest } = await small(MOST);
    const agents = ids(3_000);
    for (let at = 0; at < agents.length; at += 50) {
      const group = agents.slice(at, at + 50);
      expect(await world.driven(Promise.all(group.map((agent) => life.ask(agent, 'write', agent))))).toEqual(group);
      await world.clock.advance(1);
    }
    expect(largest()).toBeLessThanOrEqual(MOST);
    expect(life.node.host.roster.find(agents[0] as AgentId)).toBeUndefined();
    for (const at of [0, 1, 1_499, 2_999]) expect(await world.driven(life.state(agents[at] as AgentId))).toMatchObject({ text: agents[at] });
  });

  it('where none can rest, new ones are refused and say why; those that are here go on', async () => {
    door = new Door();
    const { world, life } = await small(20);
    const busy = ids(20, 'busy');
    const slow = busy.map((agent) => life.call(agent, 'slow'));
    await world.clock.advance(10);
    await expect(life.call(id('note', 'new'), 'write', 'x')).rejects.toMatchObject({
      code: 'overloaded',
      retry: 'later',
      id: id('note', 'new'),
      message: expect.stringContaining('20 agents'),
    });
    const behind = life.call(busy[0] as AgentId, 'write', 'too');
    door.open();
    await world.driven(Promise.all([...slow, behind]));
    // Looking for idle agents is not repeated at once, and the first one that comes then is refused, too.
    await world.clock.advance(200);
    expect(await codeOf(life.call(id('note', 'new'), 'write', 'x'))).toBe('overloaded');
    await world.until(() => life.node.host.roster.size < 20);
    expect(await world.driven(life.ask(id('note', 'new'), 'write', 'x'))).toBe('x');
  });

  it('messages to more agents than there is room for arrive all the same', async () => {
    const { world, life, largest } = await small(20);
    const sender = id('note', 'sender');
    const receivers = ids(100, 'r');
    let heard = 0;
    life.node.host.onCommitted((turns) => {
      heard += turns.filter(({ type }) => type === 'hear').length;
    });
    for (const [at] of receivers.entries()) await world.driven(life.call(sender, 'tell', `r${at}`));
    await world.until(() => heard === receivers.length);
    for (const receiver of receivers) expect(await world.driven(life.state(receiver))).toMatchObject({ heard: 1 });
    expect(largest()).toBeLessThanOrEqual(20);
  });

  it('reading agents that do not exist leaves nothing behind', async () => {
    const { world, life } = await small(MOST);
    for (const agent of ids(1_000)) expect(await world.driven(life.node.host.reading(agent))).toBeUndefined();
    expect(life.node.host.roster.size).toBe(0);
  });
});
