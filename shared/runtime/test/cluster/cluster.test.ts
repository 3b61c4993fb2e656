import { type NodeId, nodeId, type SkepError } from '@skep/kernel';
import type { Ports, RegistryEntry } from '@skep/ports';
import { describe, expect, it } from 'vitest';
import { SkepNode } from '../../src/index.js';
import { Counter, id, Town } from './town.js';

const NAMES = Array.from({ length: 30 }, (_, at) => `a${at}`);

describe('Q11: agents on several nodes', () => {
  it('answer through every node, and live on all of them', async () => {
    const town = new Town();
    await town.live('n1', 'n2', 'n3');
    for (const name of NAMES) for (const through of ['n1', 'n2', 'n3']) await town.ask(through, id(name), 'add', 1);
    for (const name of NAMES) expect(await town.ask('n2', id(name), 'total')).toBe(3);
    const holders = NAMES.map((name) => town.holders(id(name)));
    expect(holders.every((held) => held.length === 1)).toBe(true);
    expect(new Set(holders.flat()).size).toBe(3);
  });

  it('O6: send to each other in order and once, wherever they are', async () => {
    const town = new Town();
    await town.live('n1', 'n2', 'n3');
    for (const name of NAMES) await town.ask('n1', id(name), 'tell', { to: 'listener', times: 5 });
    await town.wait(2_000);
    const heard = (await town.ask('n3', id('listener'), 'heard')) as string[];
    expect(heard.length).toBe(150);
  });

  it('ask each other, wherever they are', async () => {
    const town = new Town();
    await town.live('n1', 'n2', 'n3');
    for (let at = 0; at < 10; at += 1) expect(await town.ask('n1', id(`asker${at}`), 'askAdd', { of: 'asked', by: 1 })).toBe(at + 1);
    expect(await town.ask('n2', id('asker'), 'askTotal', 'asked')).toBe(10);
  });
});

describe('O4 O5 Q7: a node that dies', () => {
  it('G4: its agents answer on the others, and nothing acknowledged is lost', async () => {
    const town = new Town();
    await town.live('n1', 'n2', 'n3');
    for (const name of NAMES) await town.ask('n1', id(name), 'add', 1);
    town.kill('n2');
    for (const name of NAMES) expect(await town.ask('n1', id(name), 'add', 1)).toBe(2);
    await town.wait(10_000);
    for (const name of NAMES) {
      expect(town.holders(id(name)).length).toBe(1);
      expect(await town.ask('n3', id(name), 'total')).toBe(2);
    }
  });

  it('timers and unsent messages go on by themselves', async () => {
    const town = new Town();
    await town.live('n1', 'n2', 'n3');
    for (const name of NAMES) await town.ask('n1', id(name), 'remind', { afterMs: 5_000 });
    town.kill('n1');
    town.kill('n3');
    await town.wait(30_000);
    for (const name of NAMES) expect(town.holders(id(name))).toEqual(['n2']);
    for (const name of NAMES) expect(await town.ask('n2', id(name), 'total')).toBe(1);
  });

  it('comes back as another incarnation and takes its share again', async () => {
    const town = new Town();
    await town.live('n1', 'n2');
    for (const name of NAMES) await town.ask('n1', id(name), 'add', 1);
    town.kill('n2');
    await town.wait(5_000);
    await town.live('n2');
    for (const name of NAMES) expect(await town.ask('n2', id(name), 'add', 1)).toBe(2);
    for (const name of NAMES) await town.ask('n2', id(`new ${name}`), 'add', 1);
    expect(NAMES.some((name) => town.holders(id(`new ${name}`))[0] === 'n2')).toBe(true);
  });
});

describe('Q1: an agent that coordinates', () => {
  it('G1: is held by one node of those that reach for it at once; when that dies another takes over where it was', async () => {
    const town = new Town();
    await town.live('n1', 'n2', 'n3');
    const queen = id('queen');
    for (let term = 1; term <= 2; term += 1) {
      const through = [...town.residents.keys()];
      await town.world.drive(Promise.all(through.map((name) => town.call(name, queen, 'add', 1))));
      const [holder = '', ...others] = town.holders(queen);
      expect(others).toEqual([]);
      town.kill(holder);
    }
    await town.wait(5_000);
    const [last = ''] = town.residents.keys();
    expect(await town.ask(last, queen, 'total')).toBe(5);
  });
});

describe('G1: a node that is believed dead and lives', () => {
  it('is fenced, comes back, and loses nothing', async () => {
    const town = new Town();
    await town.live('n1', 'n2', 'n3');
    for (const name of NAMES) await town.ask('n1', id(name), 'add', 1);
    const mend = [town.world.cut({ from: 'n1', to: 'n2', way: 'both' }), town.world.cut({ from: 'n1', to: 'n3', way: 'both' })];
    await town.wait(3_000);
    for (const name of NAMES) expect(await town.ask('n2', id(name), 'add', 1)).toBe(2);
    for (const done of mend) done();
    await town.wait(10_000);
    for (const name of NAMES) expect(await town.ask('n1', id(name), 'add', 1)).toBe(3);
    for (const name of NAMES) expect(town.holders(id(name)).length).toBe(1);
  });
});

describe('O4: two processes under one name', () => {
  it('the one that started last goes on, the other ends for good and says so; nothing is lost', async () => {
    const ended: string[] = [];
    const town = new Town({ nodeOf: (name) => ({ onEnd: (error) => ended.push(`${name}: ${error.code}`) }) });
    await town.live('n1', 'n2');
    for (const name of NAMES) await town.ask('n2', id(name), 'add', 1);
    const twin = town.world.node('twin', { stores: town.stores });
    const later = await town.world.drive(SkepNode.start(twin.ports, { name: 'n1', kinds: [Counter], cluster: {} }));
    const { id: incarnation } = later;
    await town.wait(60_000);
    expect(ended).toEqual(['n1: name-taken']);
    expect(later.id).toBe(incarnation);
    for (const name of NAMES) expect(await town.ask('n2', id(name), 'add', 1)).toBe(2);
    await expect(town.ask('n1', id('a0'), 'add', 1)).rejects.toMatchObject({ code: 'name-taken' });
    await town.world.drive(town.node('n1').close());
    await town.world.drive(later.close());
  });
});

describe('O1 P6: drain and migration', () => {
  it('a drained node hands over everything; no call fails', async () => {
    const town = new Town();
    await town.live('n1', 'n2', 'n3');
    for (const name of NAMES) await town.ask('n1', id(name), 'add', 1);
    const closing = town.node('n2').close();
    for (const name of NAMES) expect(await town.ask('n1', id(name), 'add', 1)).toBe(2);
    await town.world.drive(closing);
    for (const name of NAMES) expect(await town.ask('n3', id(name), 'add', 1)).toBe(3);
  });

  it('an agent moves to the node that is named, with its timers and what waits for it', async () => {
    const town = new Town();
    await town.live('n1', 'n2');
    for (const name of NAMES) {
      await town.ask('n1', id(name), 'add', 1);
      await town.ask('n1', id(name), 'remind', { afterMs: 3_000 });
      const [holder] = town.holders(id(name));
      const other = holder === 'n1' ? 'n2' : 'n1';
      const moving = town.node(holder as string).company?.migrate(id(name), other);
      const call = town.call(holder as string, id(name), 'add', 1);
      await town.world.drive(Promise.all([moving, call]));
      expect(town.holders(id(name))).toEqual([other]);
    }
    await town.wait(5_000);
    for (const name of NAMES) expect(await town.ask('n1', id(name), 'total')).toBe(3);
  });
});

describe('G1 L4: a lane that was just opened', () => {
  /** Two nodes; the second one goes on reading the universe record as it is now, until it was refused a write for it. */
  async function behindTown(): Promise<Town> {
    let behind: RegistryEntry | undefined;
    let knows = false;
    const portsOf = (name: string, ports: Ports): Ports => {
      const { registry } = ports;
      if (name !== 'n2') return ports;
      return {
        ...ports,
        registry: {
          get: async (key) => (knows || !key.startsWith('universe/') ? undefined : behind) ?? registry.get(key),
          update: (key, ...given) => {
            knows ||= behind !== undefined && key.startsWith('universe/');
            return registry.update(key, ...given);
          },
          list: (...given) => registry.list(...given),
          watch: (...given) => registry.watch(...given),
        },
      };
    };
    const town = new Town({ portsOf });
    await town.live('n1', 'n2');
    behind = await town.world.drive(town.node('n1').ports.registry.get('universe/main'));
    return town;
  }

  it('is not sealed because its node is silent and a read of the universe record is behind', async () => {
    const town = await behindTown();
    await town.world.drive(town.startOne('n3'));
    await town.wait(1_000);
    const [second, third] = [town.node('n2'), town.node('n3')];
    expect(second.company?.view?.isLive(third.id)).toBe(true);
    const { id: before } = third;
    town.world.cut({ from: 'n3', to: 'n2', way: 'both' });
    await town.wait(30_000);
    expect(second.company?.view?.suspects).toEqual([before]);
    expect(third.id).toBe(before);
  });

  it('is not sealed because a read of the universe record is behind', async () => {
    const town = await behindTown();
    const second = town.node('n2');
    // They never hear of each other.
    town.world.cut({ from: 'n3', to: 'n2', way: 'both' });
    await town.world.drive(town.startOne('n3'));
    const third = town.node('n3');
    await town.world.drive(third.company?.met() ?? Promise.reject());
    const isOf = (node: SkepNode, name: string) => node.company?.view?.place(id(name)) === node.id;
    const name = Array.from({ length: 100 }, (_, at) => `x${at}`).find((each) => isOf(second, each) && isOf(third, each)) ?? '';
    const { id: before } = third;
    expect(await town.ask('n3', id(name), 'add', 1)).toBe(1);
    const refusal = await town.world.drive(town.call('n2', id(name), 'add', 1, 300).catch((error: SkepError) => error.code));
    expect(refusal).toBe('elsewhere');
    expect(town.holders(id(name))).toEqual(['n3']);
    expect(await town.ask('n3', id(name), 'add', 1)).toBe(2);
    expect(third.id).toBe(before);
  });
});

describe('O1: a node that has just come', () => {
  it('says nothing of the swarm before it has heard of the others, and does not wait for ever', async () => {
    const town = new Town({ nodeOf: (name) => (name === 'slow' ? { cluster: { heartbeatMs: 60_000 } } : {}) });
    await town.live('n1', 'n2');
    await town.world.drive(town.start('n3', 'slow'));
    const { company, id: own } = town.node('n3');
    expect(company?.view?.view.map(({ incarnation }) => incarnation)).toEqual([own]);
    await town.world.drive(company?.met() ?? Promise.reject());
    expect(company?.view?.view).toHaveLength(4);
    const began = town.world.now;
    const slow = town.node('slow').company;
    await town.world.drive(slow?.met() ?? Promise.reject());
    expect(slow?.view?.isAcquainted).toBe(false);
    expect(town.world.now - began).toBeLessThan(3_000);
  });
});

describe('O1: a node whose link was down', () => {
  it('hears of who came meanwhile before it says anything of the swarm', async () => {
    let tell: (status: 'connected' | 'disconnected') => void = () => {};
    const link = (listener: typeof tell) => {
      tell = listener;
      return () => {};
    };
    const town = new Town({ nodeOf: (name) => (name === 'n1' ? { cluster: { link } } : {}) });
    await town.live('n1', 'n2');
    const { company } = town.node('n1');
    expect(company?.view?.isAcquainted).toBe(true);
    tell('disconnected');
    tell('connected');
    expect(company?.view?.isAcquainted).toBe(false);
    await town.world.drive(company?.met() ?? Promise.reject());
    expect(company?.view?.isAcquainted).toBe(true);
  });
});

describe('O1: an agent that was met in many places', () => {
  it('arrives where it is sent, though that node believes it elsewhere', async () => {
    const town = new Town();
    await town.live('n1', 'n2', 'n3');
    for (const name of NAMES) {
      const agent = id(name);
      await town.ask('n1', agent, 'add', 1);
      const [first = ''] = town.holders(agent);
      const [second = '', third = ''] = ['n1', 'n2', 'n3'].filter((node) => node !== first);
      // The third node met it on the first one, and hears of no move.
      await town.ask(third, agent, 'add', 1);
      await town.world.drive(Promise.resolve(town.node(first).company?.migrate(agent, second)));
      expect(town.holders(agent)).toEqual([second]);
      await town.world.drive(Promise.resolve(town.node(second).company?.migrate(agent, third)));
      expect(town.holders(agent)).toEqual([third]);
      expect(await town.ask(first, agent, 'total')).toBe(2);
    }
  });
});

describe('O4: a hint that a connection was closed', () => {
  it('shortens the patience with that node, and harms none that lives', async () => {
    const told: ((node: NodeId) => void)[] = [];
    const closings = (listener: (node: NodeId) => void) => {
      told.push(listener);
      return () => {};
    };
    const noticedAfterMs = async (hint: 'hint' | 'none'): Promise<number> => {
      const town = new Town({ node: { cluster: { closings } } });
      await town.live('n1', 'n2', 'n3');
      const dead = town.node('n2').id;
      for (const tell of told) tell(nodeId('n3'));
      town.kill('n2');
      if (hint === 'hint') for (const tell of told) tell(nodeId('n2'));
      const beganMs = town.world.now;
      while (town.node('n1').company?.view?.isDead(dead) === false) await town.wait(10);
      expect(town.node('n1').company?.view?.isLive(town.node('n3').id)).toBe(true);
      return town.world.now - beganMs;
    };
    expect(await noticedAfterMs('hint')).toBeLessThan((await noticedAfterMs('none')) - 100);
  });
});
