/** Clients of a cluster in which not every node has the address key of their tenant. */
import { describe, expect, it } from 'vitest';
import { refusal } from '../refusal.js';
import { Town, tally } from './town.js';

const KEY = new Uint8Array(32).fill(6);
const NAMES = Array.from({ length: 8 }, (_, at) => `a${at}`);
const acme = (name: string) => tally(name, 'acme');

async function uneven(): Promise<Town> {
  const town = await Town.of(['n1', 'n2'], { nodeOf: (name) => (name === 'n3' ? {} : { addressKeys: { acme: KEY } }) });
  await town.live('n3');
  return town;
}

describe('V14: clients of a tenant with an address key', () => {
  it('V14: are answered through every node, and lists are whole, also of agents that rest', async () => {
    const town = await uneven();
    const client = town.client({ tenant: 'acme' });
    for (const name of NAMES) await town.drive(client.call(acme(name), 'add', 1));
    expect(NAMES.every((name) => town.node('n3').node.host.roster.find(acme(name)) === undefined)).toBe(true);
    const { client: without } = town.node('n3');
    const ids = async () => (await town.drive(without.list({ tenant: 'acme' }))).map(({ agent }) => agent);
    expect(await ids()).toEqual(NAMES.map(acme));
    // Those of n1 rest in their snapshots: its node ended in good order, and nobody asked for them since.
    await town.drive(town.node('n1').close());
    town.kill('n1');
    expect(await ids()).toEqual(NAMES.map(acme));
    expect((await town.drive(without.status())).alarms).toEqual([]);
    town.kill('n2');
    await town.wait(10_000);
    expect((await town.drive(refusal(without.list({ tenant: 'acme' }), 'not-configured'))).remedy).toContain('acme');
    expect(await town.drive(without.list())).toEqual([]);
    await town.drive(refusal(town.client({ tenant: 'acme' }).call(acme('a0'), 'add', 1), 'not-configured'));
    expect((await town.drive(town.client().call(tally('a'), 'add', 1))).value).toBe(1);
  });

  it('V8 V14: merge agents that live on different nodes', async () => {
    const town = await uneven();
    const client = town.client({ tenant: 'acme' });
    const [a, b] = [acme('a'), acme('b')];
    await town.drive(client.call(a, 'add', 1));
    await town.drive(client.branch(a, 'b'));
    await town.drive(client.call(a, 'note', 'here'));
    await town.drive(client.call(b, 'note', 'there'));
    const holder = ['n1', 'n2'].find((name) => town.node(name).node.host.roster.find(b) !== undefined) as string;
    await town.drive(Promise.resolve(town.node(holder).node.company?.migrate(b, holder === 'n1' ? 'n2' : 'n1')));
    expect(await town.drive(client.merge(a, { from: b }))).toMatchObject({ kind: 'merged', version: 3 });
    expect(await town.drive(client.get(a))).toMatchObject({ value: { count: 1, seen: { here: 1, there: 1 } } });
    expect(await town.drive(client.merge(a, { from: b }))).toMatchObject({ kind: 'unchanged' });
  });
});
