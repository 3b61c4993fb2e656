/** Tenants with address keys, on real folders: what is hashed under a key, who is served without it, and what a key that came later changes. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { agentId, type Client, defineAgent, type GivenAddressKeys, type OpenOptions, openSkep } from '../src/index.js';
import { testSkep } from '../src/testing.js';
import { freshFolders } from './folders.js';
import { endPrograms, run } from './program.js';
import { refusal } from './refusal.js';

const { freshDir, open, connect } = freshFolders();
endPrograms();
const Notes = defineAgent({
  kind: 'notes',
  initial: { title: 'notes', count: 0, items: [] as string[] },
  handlers: {
    title(state, title: string) {
      state.title = title;
    },
    add(state, item: string) {
      state.items.push(item);
      state.count += 1;
    },
  },
  queries: {
    count(state) {
      return state.count;
    },
  },
});

const keyOf = (seed: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => (at * 37 + seed * 101 + 13) % 251);
const ACME = keyOf(1);
const KEYS: GivenAddressKeys = { acme: ACME, umbrella: keyOf(2) };
const kinds = [Notes];
const idOf = (tenant: string, name = 'a') => agentId({ tenant, kind: 'notes', name });
const acme = idOf('acme');

async function written(client: Client, agent = acme, items = 3): Promise<void> {
  for (let at = 0; at < items; at += 1) await client.call(agent, 'add', `item ${at}`);
}

/** What holds for every way to ask for an agent of a tenant whose key is not here. */
async function expectRefused(client: Client, agent = acme): Promise<void> {
  const asks: readonly (() => Promise<unknown>)[] = [
    () => client.call(agent, 'add', 'x'),
    () => client.call(agent, 'count'),
    () => client.get(agent),
    () => client.info(agent),
    () => client.at(agent, 1),
    () => client.history(agent),
    () => client.checkpoint(agent, 'one'),
    () => client.branch(agent, 'other'),
    () => client.create(idOf('acme', 'nobody')),
    () => client.get(idOf('acme', 'nobody')),
    () => client.list({ tenant: 'acme' }),
  ];
  for (const ask of asks) {
    const error = await refusal(ask(), 'not-configured');
    expect(error.message).toContain('acme');
    expect(error.remedy).toContain('addressKeys');
  }
}

describe('V14: the content of a tenant with an address key', () => {
  it('V14: has another root than without, than under another key, and the same under the same', async () => {
    const skep = await open(freshDir(), { kinds, addressKeys: KEYS });
    const roots: string[] = [];
    for (const tenant of ['acme', 'umbrella', 'plain']) {
      const agent = idOf(tenant);
      await written(skep.client, agent);
      const { root } = await skep.client.get(agent);
      expect((await skep.client.checkpoint(agent, 'now')).root).toBe(root);
      expect((await skep.client.at(agent, 3)).root).toBe(root);
      expect((await skep.client.get(idOf(tenant, 'nobody'))).root).not.toBe(root);
      roots.push(root);
    }
    expect(new Set(roots).size).toBe(3);
    const other = await open(freshDir(), { kinds, addressKeys: KEYS });
    await written(other.client);
    expect((await other.client.get(acme)).root).toBe(roots[0]);
    const initial = await Promise.all(['acme', 'umbrella', 'plain'].map(async (tenant) => (await skep.client.get(idOf(tenant, 'new'))).root));
    expect(new Set(initial).size).toBe(3);
  });

  it('V14: comes back with its key as it was: history, time travel, branches, merges, superpositions', async () => {
    const dir = freshDir();
    const first = await open(dir, { kinds, addressKeys: KEYS });
    const agent = first.agent(Notes, 'a', { tenant: 'acme' });
    await written(first.client);
    const early = await agent.at(1);
    const branch = await agent.branch('b');
    await branch.add('tried');
    await agent.title('here');
    await agent.superposition('ways').create({ one: { state: { title: 'one', count: 1, items: [] } }, two: {} });
    const before = await agent.superposition('ways').show();
    await first.close();

    const second = await open(dir, { kinds, addressKeys: KEYS });
    const again = second.agent(Notes, 'a', { tenant: 'acme' });
    expect(await again.at(1)).toEqual(early);
    expect(await again.superposition('ways').show()).toEqual(before);
    expect(await again.superposition('ways').state('one')).toEqual({ title: 'one', count: 1, items: [] });
    await again.superposition('ways').drop();
    expect(await again.merge({ from: branch.id })).toMatchObject({ kind: 'merged' });
    expect(await again.merge({ from: branch.id })).toMatchObject({ kind: 'unchanged' });
    expect((await again.state()).value).toEqual({ title: 'here', count: 4, items: ['item 0', 'item 1', 'item 2', 'tried'] });
    const restored = await again.restore({ version: 1 });
    expect((await second.client.get(acme)).root).toBe((await second.client.at(acme, 1)).root);
    expect(restored.value).toEqual(early.value);
    expect((await second.client.history(acme)).length).toBeGreaterThan(4);
  });

  it('G4 V14: survives the death of its process, from the log and from a snapshot', async () => {
    const dir = freshDir();
    const key = Buffer.from(ACME).toString('hex');
    const agent = agentId({ tenant: 'default', kind: 'slow', name: 'a' });
    const roots: string[] = [];
    for (let life = 1; life <= 3; life += 1) {
      const holder = run('holder.mjs', [dir, key]);
      await holder.line('holds');
      const client = await connect(dir);
      expect((await client.call(agent, 'add', 1)).value).toBe(life);
      if (life === 2) expect((await client.at(agent, 1)).root).toBe(roots[0]);
      roots.push((await client.get(agent)).root);
      await holder.kill();
    }
    const skep = await testSkep({ kinds, addressKeys: KEYS });
    await written(skep.client);
    const { root } = await skep.client.get(acme);
    skep.crash();
    await skep.reopen();
    expect((await skep.client.get(acme)).root).toBe(root);
    await skep.close();
  });

  it('V14: nothing of the key stands in the folder, nor in what is said of it', async () => {
    const dir = freshDir();
    const skep = await open(dir, { kinds, addressKeys: KEYS });
    await written(skep.client);
    await skep.client.checkpoint(acme, 'now');
    const said = JSON.stringify([await skep.client.doctor(), await skep.client.status(), await skep.client.info(acme)]);
    await skep.close();
    const wrong = await refusal(openSkep({ dir, kinds, addressKeys: { acme: keyOf(9) } }), 'not-configured');
    const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    expect(files.length).toBeGreaterThan(1);
    const hex = Buffer.from(ACME).toString('hex');
    for (const { parentPath, name } of files) {
      const bytes = readFileSync(join(parentPath, name));
      expect(bytes.includes(Buffer.from(ACME)), name).toBe(false);
      expect(bytes.includes(hex), name).toBe(false);
    }
    for (const text of [said, wrong.message, wrong.remedy, String(wrong.stack)]) {
      expect(text.includes(hex)).toBe(false);
      expect(text.includes(Buffer.from(keyOf(9)).toString('hex'))).toBe(false);
    }
  });
});

describe('V14: a folder that is opened without the key of a tenant', () => {
  const keyed = async (options: Partial<OpenOptions> = {}): Promise<string> => {
    const dir = freshDir();
    const skep = await openSkep({ dir, kinds, addressKeys: KEYS, ...options });
    await written(skep.client);
    await written(skep.client, idOf('plain'));
    await skep.close();
    return dir;
  };

  for (const closing of ['settle', 'leave'] as const) {
    it(`G13 V14: refuses its agents, of which ${closing === 'settle' ? 'snapshots' : 'the log'} are there, serves all others, and changes nothing`, async () => {
      const dir = await keyed({ closing });
      const warnings: string[] = [];
      const skep = await open(dir, { kinds, onWarning: (text) => warnings.push(text) });
      await expectRefused(skep.client);
      await written(skep.client, idOf('plain'), 1);
      expect((await skep.client.get(idOf('plain'))).value).toMatchObject({ count: 4 });
      expect((await skep.client.list()).map(({ tenant }) => tenant)).toEqual(['plain']);
      expect((await skep.client.status()).alarms).toEqual([]);
      const report = await skep.client.doctor();
      const check = report.checks.find(({ name }) => name === 'address keys');
      expect(check).toMatchObject({
        ok: false,
        detail: expect.stringMatching(/acme [0-9a-f]{32}, not here/),
        remedy: expect.stringContaining('acme'),
      });
      expect(report.checks.filter(({ ok }) => !ok)).toEqual([check]);
      expect(warnings).toEqual([]);
      await skep.close();

      const again = await open(dir, { kinds, addressKeys: KEYS });
      expect((await again.client.get(acme)).value).toMatchObject({ count: 3 });
      expect((await again.client.doctor()).checks.find(({ name }) => name === 'address keys')).toMatchObject({ ok: true, remedy: null });
      await again.client.call(acme, 'add', 'more');
      expect((await again.client.get(acme)).version).toBe(4);
    });
  }

  it('G13 V14: does not start with another key, and starts with the right one afterwards', async () => {
    const dir = await keyed();
    const error = await refusal(openSkep({ dir, kinds, addressKeys: { ...KEYS, acme: keyOf(3) } }), 'not-configured');
    expect(error).toMatchObject({ id: 'acme', message: expect.stringContaining('another one'), remedy: expect.stringContaining('first') });
    // Not even the tenant that it was given beside it was added.
    await refusal(openSkep({ dir, kinds, addressKeys: { fresh: keyOf(4), acme: keyOf(3) } }), 'not-configured');
    const skep = await open(dir, { kinds, addressKeys: KEYS });
    expect((await skep.client.get(acme)).value).toMatchObject({ count: 3 });
    expect((await skep.client.doctor()).checks.find(({ name }) => name === 'address keys')?.detail).not.toContain('fresh');
  });
});

describe('V14: a key that comes after the agents', () => {
  for (const closing of ['settle', 'leave'] as const) {
    it(`V14: puts what lies in ${closing === 'settle' ? 'snapshots' : 'the log'} under the key as it is read, whatever was said of it before`, async () => {
      const dir = freshDir();
      const first = await open(dir, { kinds, closing });
      const agent = first.agent(Notes, 'a', { tenant: 'acme' });
      await written(first.client);
      const checkpoint = await first.client.checkpoint(acme, 'plain');
      const branch = await agent.branch('b');
      await branch.add('tried');
      await agent.superposition('ways').create({ one: { state: { title: 'one', count: 1, items: [] } } });
      const plain = await first.client.get(acme);
      await first.close();

      const keyed = { kinds, addressKeys: KEYS, closing: 'settle' } as const;
      const second = await open(dir, keyed);
      const found = await second.client.get(acme);
      expect(found.value).toEqual(plain.value);
      expect(found.root).not.toBe(plain.root);
      // What was said before stays said; the version is found by its number.
      expect(await second.client.checkpoints(acme)).toMatchObject([{ name: 'plain', root: checkpoint.root, version: 3 }]);
      const again = second.agent(Notes, 'a', { tenant: 'acme' });
      expect(await again.superposition('ways').state('one')).toMatchObject({ title: 'one' });
      await again.superposition('ways').drop();
      expect((await again.at(1)).value).toMatchObject({ count: 1 });
      expect(await again.merge({ from: branch.id })).toMatchObject({ kind: 'fast-forward' });
      await again.title('keyed');
      expect((await again.restore({ checkpoint: 'plain' })).value).toEqual(plain.value);
      expect((await second.client.get(acme)).root).toBe(found.root);
      await second.close();

      const third = await open(dir, keyed);
      expect((await third.client.get(acme)).root).toBe(found.root);
      expect((await third.client.doctor()).ok).toBe(true);
      // History before and after the key, in one piece.
      for (const version of [0, 1, 3, 4]) expect((await third.client.at(acme, version)).version).toBe(version);
      expect((await third.client.diff(acme, 0, 5)).length).toBeGreaterThan(0);
      await third.close();
      await expectRefused((await open(dir, { kinds })).client);
    });
  }
});

describe('G13 V14: keys that cannot be', () => {
  it.each([
    ['31 bytes', { acme: new Uint8Array(31) }, 'acme'],
    ['no object', 'acme' as unknown as GivenAddressKeys, 'addressKeys'],
    ['no bytes', { acme: 'a path' as unknown as Uint8Array }, 'acme'],
    ['a tenant without a name', { '': ACME }, ''],
    ['a tenant with too long a name', { ['x'.repeat(200)]: ACME }, 'x'.repeat(128)],
  ])('%s: refused, naming the tenant', async (_, addressKeys, id) => {
    const dir = join(freshDir(), 'data');
    const error = await refusal(openSkep({ dir, kinds, addressKeys }), 'not-configured');
    expect(existsSync(dir)).toBe(false);
    expect(error.id).toBe(id);
    expect(error.message).toContain('tenant');
  });
});
