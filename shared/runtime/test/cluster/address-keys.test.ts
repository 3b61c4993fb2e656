/** Nodes of which some have the address key of a tenant, and some have not. */
import { AddressKeys, type GivenAddressKeys } from '@skep/actor';
import { type AgentId, agentId, decode, isSkepError, nodeId, type Value } from '@skep/kernel';
import type { Ports } from '@skep/ports';
import { treeOf } from '@skep/state';
import { describe, expect, it } from 'vitest';
import { changeUniverse, readUniverse, SkepNode, type UniverseRecord } from '../../src/index.js';
import { Counter, id, Town } from './town.js';

const NAMES = Array.from({ length: 24 }, (_, at) => `a${at}`);
const KEY = new Uint8Array(32).fill(5);
const acme = (name: string): AgentId => agentId({ tenant: 'acme', kind: 'counter', name });
const rootOf = (count: number, keys: { addressKey?: Uint8Array }) => treeOf({ count, heard: [] }, keys).root();

/** A town whose nodes get these keys when they start. */
function townWith(keys: Readonly<Record<string, GivenAddressKeys>>): { readonly town: Town; readonly keys: Record<string, GivenAddressKeys> } {
  const mutable: Record<string, GivenAddressKeys> = { ...keys };
  return { town: new Town({ nodeOf: (name) => ({ addressKeys: mutable[name] ?? {} }) }), keys: mutable };
}

const outcome = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'answered',
    (error: unknown) => (isSkepError(error) ? error.code : String(error)),
  );

/** Ports to which the bus brings nothing until it is told to: as to a process that stalls, whose timers fire before it reads. */
function lateBus(ports: Ports): { readonly ports: Ports; deliver(): void } {
  const { bus } = ports;
  let waiting: (() => void)[] | undefined = [];
  return {
    ports: {
      ...ports,
      bus: {
        publish: (...given) => bus.publish(...given),
        request: (...given) => bus.request(...given),
        inbox: () => bus.inbox(),
        close: () => bus.close(),
        subscribe: (pattern, handler, options) =>
          bus.subscribe(pattern, (message) => (waiting === undefined ? handler(message) : void waiting.push(() => handler(message))), options),
      },
    },
    deliver: () => {
      const came = waiting ?? [];
      waiting = undefined;
      for (const give of came) give();
    },
  };
}

/** The content root as the node that holds the agent has it. */
function rootIn(town: Town, agent: AgentId): string | undefined {
  const [holder = ''] = town.holders(agent);
  return town.node(holder).host.roster.find(agent)?.ready.tree.root();
}

function recordOf(town: Town, through: string) {
  const { ports, universe } = town.node(through);
  return town.world.drive(readUniverse(ports.registry, universe));
}

describe('V14: two nodes with the address key of a tenant, one without', () => {
  const some = async () => {
    const { town } = townWith({ n1: { acme: KEY }, n2: { acme: KEY } });
    await town.live('n1', 'n2');
    await town.live('n3');
    return town;
  };

  it('V14 Q11: its agents answer through every node and live on the two; others live on all three', async () => {
    const town = await some();
    for (const name of NAMES) for (const through of ['n3', 'n1', 'n2']) await town.ask(through, acme(name), 'add', 1);
    for (const name of NAMES) await town.ask('n3', id(name), 'add', 1);
    expect(new Set(NAMES.flatMap((name) => town.holders(acme(name))))).toEqual(new Set(['n1', 'n2']));
    expect(new Set(NAMES.flatMap((name) => town.holders(id(name))))).toEqual(new Set(['n1', 'n2', 'n3']));
    for (const name of NAMES) expect(rootIn(town, acme(name))).toBe(rootOf(3, { addressKey: KEY }));
    for (const name of NAMES) expect(rootIn(town, id(name))).toBe(rootOf(1, {}));
  });

  it('V14 O5: when one of the two dies the other takes over, with timers and messages, and the third never does', async () => {
    const town = await some();
    for (const name of NAMES) {
      await town.ask('n3', acme(name), 'add', 1);
      await town.ask('n3', acme(name), 'remind', { afterMs: 8_000 });
    }
    for (const name of NAMES.slice(0, 5)) await town.ask('n1', acme(name), 'tell', { to: 'listener', times: 4 });
    town.kill('n1');
    await town.wait(30_000);
    for (const name of NAMES) expect(town.holders(acme(name))).toEqual(['n2']);
    for (const name of NAMES) expect(await town.ask('n3', acme(name), 'total')).toBe(2);
    expect(((await town.ask('n3', acme('listener'), 'heard')) as Value[]).length).toBe(20);
    expect((await recordOf(town, 'n2')).unclaimed).toEqual([]);
  });

  it('G13 V14: with both of them gone they are refused and left alone; a node with the key finds them as they were', async () => {
    const town = await some();
    for (const name of NAMES) await town.ask('n1', acme(name), 'add', 1);
    town.kill('n1');
    town.kill('n2');
    await town.wait(20_000);
    for (const name of NAMES) {
      expect(await outcome(town.ask('n3', acme(name), 'add', 1))).toBe('not-configured');
      expect(await outcome(town.ask('n3', acme(name), 'total'))).toBe('not-configured');
      expect(town.holders(acme(name))).toEqual([]);
      expect(await town.ask('n3', id(name), 'add', 1)).toBe(1);
    }
    expect(town.node('n3').alarms.size).toBe(0);
    await town.live('n1');
    for (const name of NAMES) expect(await town.ask('n3', acme(name), 'add', 1)).toBe(2);
    for (const name of NAMES) expect(town.holders(acme(name))).toEqual(['n1']);
  });

  it('G13 V14: a node without it that has heard nothing yet, not even itself, waits instead of refusing, however long ago it started', async () => {
    const town = await some();
    const late = lateBus(town.world.node('n4', { stores: town.stores }).ports);
    const node = await town.world.drive(SkepNode.start(late.ports, { name: 'n4', kinds: [Counter], cluster: {} }));
    await town.wait(400);
    const asked = outcome(node.request({ agent: acme('a'), method: 'call', parameters: ['total', null, null] }, 20_000));
    await town.wait(400);
    late.deliver();
    expect(await town.world.drive(asked)).toBe('answered');
  });

  it('V14 O1: an agent moves to no node without the key', async () => {
    const town = await some();
    const agent = acme('a');
    await town.ask('n1', agent, 'add', 1);
    const [holder = ''] = town.holders(agent);
    const { company } = town.node(holder);
    expect(await outcome(town.world.drive(Promise.resolve(company?.migrate(agent, 'n3'))))).toBe('invalid-input');
    await town.world.drive(Promise.resolve(company?.migrate(agent, holder === 'n1' ? 'n2' : 'n1')));
    await town.world.drive(Promise.resolve(company?.pins.set(agent, nodeId('n3'))));
    expect(await town.ask('n3', agent, 'add', 1)).toBe(2);
    expect(town.holders(agent)).toEqual([holder === 'n1' ? 'n2' : 'n1']);
  });

  it('L2 V14: a node that was fenced comes back with its key', async () => {
    const town = await some();
    for (const name of NAMES) await town.ask('n1', acme(name), 'add', 1);
    const mend = [town.world.cut({ from: 'n1', to: 'n2', way: 'both' }), town.world.cut({ from: 'n1', to: 'n3', way: 'both' })];
    await town.wait(3_000);
    for (const name of NAMES) expect(await town.ask('n3', acme(name), 'add', 1)).toBe(2);
    for (const done of mend) done();
    await town.wait(10_000);
    for (const name of NAMES) {
      expect(await town.ask('n1', acme(name), 'add', 1)).toBe(3);
      expect(town.holders(acme(name))).not.toContain('n3');
    }
    for (const name of NAMES) expect(rootIn(town, acme(name))).toBe(rootOf(3, { addressKey: KEY }));
  });
});

describe('V14: a key that is set while nodes run', () => {
  it('V14: reaches all agents as the nodes are restarted one after the other, and no call fails', async () => {
    const { town, keys } = townWith({});
    await town.live('n1', 'n2', 'n3');
    for (const name of NAMES) await town.ask('n1', acme(name), 'add', 1);
    let calls = 1;
    for (const name of ['n1', 'n2', 'n3']) {
      keys[name] = { acme: KEY };
      await town.world.drive(town.node(name).close());
      town.kill(name);
      await town.live(name);
      for (const through of town.residents.keys()) {
        for (const each of NAMES) await town.ask(through, acme(each), 'add', 1);
        calls += 1;
      }
      await town.wait(7_000);
    }
    for (const name of NAMES) expect(rootIn(town, acme(name))).toBe(rootOf(calls, { addressKey: KEY }));
  });

  it('V14: nodes that run without it learn of it by themselves, and leave the tenant to those that have it', async () => {
    const { town } = townWith({ n2: { acme: KEY } });
    await town.live('n1');
    await town.ask('n1', acme('early'), 'add', 1);
    await town.live('n2');
    await town.wait(10_000);
    for (const name of NAMES) await town.ask('n1', acme(name), 'add', 1);
    expect(new Set(NAMES.flatMap((name) => town.holders(acme(name))))).toEqual(new Set(['n2']));
    // What a node held before goes on there.
    expect(await town.ask('n2', acme('early'), 'add', 1)).toBe(2);
  });
});

describe('V14: what the universe knows of keys', () => {
  it('G13 V14: a node with another key does not start, and changes nothing', async () => {
    const { town, keys } = townWith({ n1: { acme: KEY } });
    await town.live('n1');
    const before = await recordOf(town, 'n1');
    keys.n2 = { acme: KEY.with(0, 1), fresh: KEY };
    expect(await outcome(town.world.drive(town.startOne('n2')))).toBe('not-configured');
    expect(await recordOf(town, 'n1')).toEqual(before);
    expect(before.addressKeys).toEqual(town.node('n1').addressKeys.given);
    keys.n3 = { acme: KEY };
    await town.live('n3');
    expect(await town.ask('n3', acme('a'), 'add', 1)).toBe(1);
  });

  it('V14: its record is of format 1 until a tenant has a key, and then of format 2', async () => {
    const { town, keys } = townWith({});
    await town.live('n1');
    const { registry } = town.node('n1').ports;
    const fields = async () => decode((await town.world.drive(registry.get('universe/main')))?.value as Uint8Array) as readonly Value[];
    const { open } = await recordOf(town, 'n1');
    expect(await fields()).toEqual([1, 1, 'active', open, []]);
    keys.n2 = { acme: KEY };
    await town.live('n2');
    expect(await fields()).toMatchObject([2, 1, 'active', {}, {}, [['acme', town.node('n2').addressKeys.given[0]?.fingerprint]]]);
  });

  it('G13 V14: a fingerprint that somebody forged keeps the right key out, and no wrong key reads what was written', async () => {
    const { town, keys } = townWith({ n1: { acme: KEY } });
    await town.live('n1');
    await town.ask('n1', acme('a'), 'add', 1);
    await town.world.drive(town.node('n1').host.settleAll());
    await town.wait(1_000);
    const wrong = { acme: KEY.with(0, 1) };
    const { ports, universe } = town.node('n1');
    const forge = (before: UniverseRecord): UniverseRecord => ({ ...before, addressKeys: new AddressKeys(wrong).given });
    await town.world.drive(changeUniverse({ registry: ports.registry, clock: ports.clock, universe }, forge));
    town.kill('n1');
    keys.n2 = { acme: KEY };
    expect(await outcome(town.world.drive(town.startOne('n2')))).toBe('not-configured');
    keys.n3 = wrong;
    await town.live('n3');
    expect(await outcome(town.ask('n3', acme('a'), 'total'))).toBe('corrupt');
  });
});
