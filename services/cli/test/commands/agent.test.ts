/** The commands of `skep agent`: each by the built program in a process of its own, and then, for more cases, in this one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeProject } from '../programs/project.js';
import { skepHere } from '../programs/shell.js';
import { skep, temporaryFolder } from '../programs/skep.js';

test('O1 an agent is created, suspended, resumed and terminated', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeProject(folder);
  const agent = (...args: string[]) => skep({ folder }, 'agent', ...args, '--json');
  expect((await agent('create', 'counter/a')).json).toMatchObject({ agent: 'default/counter/a', status: 'active', version: 0 });
  expect(await agent('create', 'counter/a')).toMatchObject({ code: 1, json: { error: { code: 'agent-exists' } } });
  expect((await agent('suspend', 'counter/a')).json).toMatchObject({ status: 'suspended' });
  expect(await agent('call', 'counter/a', 'increment', '1')).toMatchObject({ code: 1, json: { error: { code: 'agent-suspended' } } });
  expect((await agent('ls', '--status', 'suspended')).json.agents).toMatchObject([{ agent: 'default/counter/a' }]);
  expect((await agent('resume', 'counter/a')).json).toMatchObject({ status: 'active' });
  expect(await agent('call', 'counter/a', 'increment', '1')).toMatchObject({ code: 0, json: { value: 1, version: 1, level: 'local' } });
  expect((await agent('terminate', 'counter/a')).json).toMatchObject({ status: 'terminated' });
  expect(await agent('call', 'counter/a', 'increment', '1')).toMatchObject({ code: 1, json: { error: { code: 'agent-terminated' } } });
  expect((await agent('log', 'counter/a')).json.events).toHaveLength(5);
  expect(await agent('suspend', 'counter/never')).toMatchObject({ code: 1, json: { error: { code: 'unknown-agent' } } });
});

test('P1 the past is read, compared, branched and restored, by version and by name', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeProject(folder);
  const agent = (...args: string[]) => skepHere(folder, 'agent', ...args);
  const asJson = async (...args: string[]) => (await agent(...args, '--json')).json;
  for (const by of ['1', '2', '-4']) expect((await agent('call', 'counter/a', 'increment', by)).code).toBe(0);
  expect(await asJson('get', 'counter/a')).toMatchObject({ version: 3, value: { count: -1 } });
  expect(await asJson('get', 'counter/a', 'count')).toMatchObject({ path: ['count'], value: -1 });
  expect(await asJson('get', 'counter/a', 'fame')).toMatchObject({ error: { code: 'invalid-path' } });
  const before = await asJson('at', 'counter/a', '--version', '2');
  expect(before).toMatchObject({ version: 2, value: { count: 3 } });
  expect((await agent('at', 'counter/a', '--version', '9', '--json')).json).toMatchObject({ error: { code: 'unknown-version' } });
  expect((await agent('diff', 'counter/a', '2', '3')).stdout).toContain('~ count: 3 -> -1');
  expect(await asJson('checkpoint', 'counter/a', 'low')).toMatchObject({ name: 'low', version: 3, level: 'local' });
  expect(await asJson('restore', 'counter/a', '--version', '2')).toMatchObject({ version: 4, root: before.root });
  expect(await asJson('restore', 'counter/a', '--checkpoint', 'low')).toMatchObject({ version: 5 });
  expect(await asJson('restore', 'counter/a', '--checkpoint', 'high')).toMatchObject({ error: { code: 'unknown-checkpoint' } });
  expect((await asJson('checkpoint', 'counter/a')).checkpoints).toMatchObject([{ name: 'low', version: 3 }]);
  expect(await asJson('branch', 'counter/a', 'b', '--version', '2')).toMatchObject({
    agent: 'default/counter/b',
    branchedFrom: { agent: 'default/counter/a', version: 2 },
  });
  expect(await asJson('get', 'counter/b')).toMatchObject({ root: before.root, value: { count: 3 } });
});

test('V8 agents are merged, with rules and dry runs', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeProject(folder);
  const agent = (...args: string[]) => skepHere(folder, 'agent', ...args);
  await agent('call', 'counter/a', 'increment', '1');
  await agent('branch', 'counter/a', 'try');
  await agent('call', 'counter/try', 'increment', '5');
  expect((await agent('merge', 'counter/try', '--into', 'counter/a', '--dry-run')).stdout).toContain('would take 1 change of counter/try version 2');
  await agent('call', 'counter/a', 'increment', '2');
  const refused = await agent('merge', 'counter/try', '--into', 'counter/a');
  expect(refused.code).toBe(1);
  expect(refused.stdout).toContain('! count: ours 3, theirs 6, before 1');
  expect((await agent('merge', 'counter/try', '--into', 'counter/a', '--json')).json).toMatchObject({
    kind: 'conflicts',
    conflicts: [{ path: ['count'], kind: 'update-update', base: 1, ours: 3, theirs: 6 }],
  });
  const merged = await agent('merge', 'counter/try', '--into', 'counter/a', '--rule', 'count=counter');
  expect(merged).toMatchObject({ code: 0, stdout: expect.stringContaining('counter/a is at version 3 now, with 1 change of counter/try version 2') });
  expect(merged.stdout).toContain('~ count: 3 -> 8');
  expect((await agent('merge', 'counter/try', '--into', 'counter/a')).stdout).toContain('counter/a has all of counter/try version 2 already');
  expect((await agent('merge', 'counter/try')).code).toBe(2);
  for (const rule of ['count', 'count=guess', 'x=list-by-id:']) {
    expect((await agent('merge', 'counter/try', '--into', 'counter/a', '--rule', rule)).code).toBe(2);
  }
});

test('V8 lists are merged by id, and blame says which event wrote a place', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const agent = (...args: string[]) => skepHere(folder, 'agent', ...args);
  const asJson = async (...args: string[]) => (await agent(...args, '--json')).json;
  const notes = '{"changes":[{"set":"items","value":[{"id":"a","n":1},{"id":"b","n":1}]}]}';
  await agent('call', 'state/a', 'update', notes);
  await agent('branch', 'state/a', 'b');
  await agent('call', 'state/b', 'update', '{"changes":[{"set":"items","value":[{"id":"b","n":2},{"id":"a","n":1}]}]}');
  await agent('call', 'state/a', 'update', '{"changes":[{"set":"items","value":[{"id":"a","n":3},{"id":"b","n":1}]}]}');
  expect((await agent('merge', 'state/b', '--into', 'state/a', '--rule', 'items=list-by-id:id')).code).toBe(0);
  expect(await asJson('get', 'state/a', 'items')).toMatchObject({
    value: [
      { id: 'b', n: 2 },
      { id: 'a', n: 3 },
    ],
  });
  expect(await asJson('blame', 'state/a', 'items.1.n')).toMatchObject({ path: ['items', 1, 'n'], event: { type: 'merged', version: 3 } });
  expect((await agent('blame', 'state/b', 'items')).stdout).toMatch(/state\/b version 2, .*: update \(call/);
  expect((await agent('blame', 'state/a', 'nothing')).stdout).toContain('no event of state/a wrote ["nothing"]');
});

test('every command of an agent works by the built program', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const agent = (...args: string[]) => skep({ folder }, 'agent', ...args, '--json');
  await agent('call', 'state/a', 'update', '{"changes":[{"set":"n","value":1}]}');
  expect(await agent('get', 'state/a', 'n')).toMatchObject({ code: 0, json: { value: 1 } });
  expect(await agent('at', 'state/a', '--version', '0')).toMatchObject({ code: 0, json: { value: {} } });
  expect(await agent('diff', 'state/a', '0', '1')).toMatchObject({ code: 0, json: { changes: [{ kind: 'create', path: ['n'], new: 1 }] } });
  expect(await agent('checkpoint', 'state/a', 'one')).toMatchObject({ code: 0, json: { name: 'one', version: 1 } });
  expect(await agent('branch', 'state/a', 'b')).toMatchObject({ code: 0, json: { agent: 'default/state/b' } });
  expect(await agent('restore', 'state/a', '--version', '0')).toMatchObject({ code: 0, json: { version: 2 } });
  expect(await agent('merge', 'state/b', '--into', 'state/a')).toMatchObject({ code: 0, json: { kind: 'unchanged' } });
  expect(await agent('blame', 'state/a', 'n')).toMatchObject({ code: 0, json: { event: { type: 'restored' } } });
});

test('P2 the log tells each event with its cause and its changes', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const operation = '01932c07-a5b6-7000-8000-000000000001';
  const stale = await skep({ folder }, 'agent', 'call', 'state/notes', 'update', '{"changes":[]}', '--operation', operation, '--json');
  expect(stale).toMatchObject({ code: 1, json: { error: { code: 'operation-too-old' } } });
  const call = await skep({ folder }, 'agent', 'call', 'state/notes', 'update', '{"changes":[{"set":"title","value":"bees"}]}', '--json');
  const { json } = await skep({ folder }, 'agent', 'log', 'state/notes', '--json');
  expect(json.events).toMatchObject([
    {
      id: 'default/state/notes#1.0',
      type: 'update',
      version: 1,
      position: 1,
      source: 'call',
      causationId: call.json.operation,
      changes: [{ kind: 'create', path: ['title'], new: 'bees' }],
    },
  ]);
  const text = await skep({ folder }, 'agent', 'log', 'state/notes');
  expect(text.stdout).toMatch(/version 1 {2}\d\d:\d\d:\d\d {2}update {2}by call /);
  expect(text.stdout).toContain('+ title = "bees"');
});

test('U7 agents are listed by kind, tag, tenant and status; kinds are listed with what they take', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  writeProject(folder);
  const agent = (...args: string[]) => skepHere(folder, 'agent', ...args);
  await agent('create', 'counter/a');
  await agent('create', 'tenant-2/counter/b');
  await agent('create', 'state/c');
  const listed = async (...filter: string[]) => (await agent('ls', ...filter, '--json')).json.agents.map(({ agent }) => agent);
  expect(await listed()).toEqual(['default/counter/a', 'default/state/c', 'tenant-2/counter/b']);
  expect(await listed('--kind', 'state')).toEqual(['default/state/c']);
  expect(await listed('--tag', 'test')).toEqual(['default/counter/a', 'tenant-2/counter/b']);
  expect(await listed('--tenant', 'tenant-2')).toEqual(['tenant-2/counter/b']);
  expect(await listed('--status', 'terminated')).toEqual([]);
  expect((await agent('ls')).stdout).toMatch(/^agent\s+status\s+version/);
  expect((await agent('ls', '--kinds', '--json')).json.kinds).toContainEqual({
    kind: 'counter',
    handlers: ['increment'],
    queries: ['peek'],
    tags: ['test'],
  });
});

test('names are taken as they are, values also from files and stdin, and an expected version is kept', async ({ onTestFinished }) => {
  const folder = temporaryFolder(onTestFinished);
  const odd = 'state/two words.*>é';
  writeFileSync(join(folder, 'change.json'), '{"changes":[{"set":"a","value":{"$date":0}}]}');
  const first = await skep({ folder }, 'agent', 'call', odd, 'update', '@change.json', '--json');
  expect(first).toMatchObject({ code: 0, json: { version: 1 } });
  const second = await skep({ folder, stdin: '{"changes":[{"increment":"n"}]}' }, 'agent', 'call', odd, 'update', '-', '--expect', '1', '--json');
  expect(second).toMatchObject({ code: 0, json: { version: 2 } });
  const late = await skep({ folder, stdin: '{"changes":[{"increment":"n"}]}' }, 'agent', 'call', odd, 'update', '-', '--expect', '1', '--json');
  expect(late).toMatchObject({ code: 1, json: { error: { code: 'version-conflict' } } });
  const state = await skep({ folder }, 'agent', 'get', first.json.agent, '--json');
  expect(state.json).toMatchObject({ agent: first.json.agent, version: 2, value: { a: { $date: 0 }, n: 1 } });
  const long = await skep({ folder }, 'agent', 'get', `state/${'x'.repeat(129)}`, '--json');
  expect(long).toMatchObject({ code: 1, json: { error: { code: 'invalid-id' } } });
  const kind = await skep({ folder }, 'agent', 'get', 'unheard/of', '--json');
  expect(kind).toMatchObject({ code: 1, json: { error: { code: 'unknown-kind' } } });
});
