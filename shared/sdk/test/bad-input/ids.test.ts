import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AgentId, agentId, defineAgent, openSkep, parseAgentId } from '../../src/index.js';
import { testSkep } from '../../src/testing.js';
import { freshFolders } from '../folders.js';
import { Counter } from '../kinds.js';
import { refusal } from '../refusal.js';

const { freshDir, open, connect } = freshFolders();

/** Names that would mean something to a subject, a path, a shell, a database or a console. */
const ODD = [
  ...[
    'a.b',
    'a b',
    ' ',
    '*',
    '>',
    'a.*.>',
    '..',
    '../../etc/passwd',
    '/',
    '\\',
    'C:\\x',
    'con',
    'NUL',
    'a/b/c',
    '%2e',
    '=61',
    '==aaaa',
    '$SYS',
    '_skep',
    '-',
    '--json',
  ],
  ...[
    'é',
    'e\u0301',
    'ß',
    'İ',
    '🐝',
    '\u202e',
    '\u0000',
    '\n',
    '\t',
    '\u007f',
    'a\ufeff',
    '日本語',
    "'; DROP TABLE lanes; --",
    '$(x)',
    '__proto__',
    'constructor',
    'A',
    'a',
  ],
  ...['x'.repeat(128), '🐝'.repeat(32), '\u0000'.repeat(128)],
];

describe('G13 U1: ids are any text of up to 128 bytes', () => {
  it('keeps agents of odd names apart, on the disk too, and gives the names back', async () => {
    const dir = freshDir();
    const skep = await open(dir, { kinds: [Counter] });
    for (const [at, name] of ODD.entries()) await skep.agent(Counter, name).increment(at + 1);
    const client = await connect(dir);
    expect((await client.list()).map((info) => info.name).sort()).toEqual([...ODD].sort());
    await skep.close();
    const again = await open(dir, { kinds: [Counter] });
    for (const [at, name] of ODD.entries()) expect(await again.agent(Counter, name).total(), name).toBe(at + 1);
  });

  it('takes odd names for kinds, tenants, checkpoints, branches and timers', async () => {
    for (const name of ODD) {
      const Odd = defineAgent({
        kind: name,
        initial: { n: 0 },
        handlers: {
          go(state, _input: null, ctx) {
            state.n += 1;
            ctx.timer(name, { afterMs: 10 }, 'go2');
            ctx.emit(name, name);
          },
          go2(state) {
            state.n += 1;
          },
        },
      });
      await using skep = await testSkep({ kinds: [Odd], tenant: name });
      const agent = skep.agent(Odd, name);
      await agent.go();
      await agent.checkpoint(name);
      await skep.advance(10);
      skep.crash();
      await skep.reopen();
      expect((await agent.state()).value).toEqual({ n: 2 });
      expect((await agent.restore({ checkpoint: name })).value).toEqual({ n: 1 });
      expect(parseAgentId(agent.id)).toEqual({ tenant: name, kind: name, name });
    }
  });

  it('takes a name that begins with a byte order mark', () => {
    const name = '\ufeffada';
    expect(parseAgentId(agentId({ tenant: name, kind: name, name }))).toEqual({ tenant: name, kind: name, name });
  });

  const refused: readonly (readonly [string, unknown])[] = [
    ['129 bytes', 'x'.repeat(129)],
    ['129 bytes of bees', '🐝'.repeat(33)],
    ['a megabyte', 'x'.repeat(1_000_000)],
    ['nothing', ''],
    ['a lone surrogate', 'a\ud800'],
    ['a number', 5],
    ['null', null],
    ['a list', ['a']],
  ];

  it.each(refused)('refuses %s as name, tenant, kind, checkpoint and branch', async (_what, name) => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    const bad = name as string;
    const invalid = expect.objectContaining({ code: 'invalid-id', remedy: 'Use 1 to 128 bytes of well-formed text.' });
    expect(() => skep.agent(Counter, bad)).toThrowError(invalid);
    expect(() => skep.agent(Counter, 'a', { tenant: bad })).toThrowError(invalid);
    expect(() => defineAgent({ kind: bad, initial: {}, handlers: {} })).toThrowError(invalid);
    await refusal(openSkep({ memory: true, tenant: bad }), 'invalid-id');
    const a = skep.agent(Counter, 'a');
    await a.increment(1);
    const before = await a.history();
    await refusal(skep.client.checkpoint(a.id, bad), 'invalid-id');
    await refusal(a.branch(bad), 'invalid-id');
    expect(await a.history()).toEqual(before);
    expect((await skep.client.list()).length).toBe(1);
  });

  it('refuses an address that no id is, without making anything', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    const wrong = [
      '',
      'a',
      'a/b',
      'a/b/c/d',
      'default/counter/',
      '/counter/a',
      'default/counter/A',
      'default/counter/a b',
      'default/counter/=zz',
      'default/counter/=61',
      `default/counter/${'x'.repeat(300)}`,
    ];
    for (const agent of wrong as AgentId[]) {
      await refusal(skep.client.call(agent, 'increment', 1), 'invalid-id');
      await refusal(skep.client.create(agent), 'invalid-id');
      await refusal(skep.client.get(agent), 'invalid-id');
    }
    expect(await skep.client.list()).toEqual([]);
  });

  it('takes every text within the limit, and refuses every other', async () => {
    await using skep = await openSkep({ memory: true, kinds: [Counter] });
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 140 }), async (name) => {
        const good = name !== '' && name.isWellFormed() && new TextEncoder().encode(name).length <= 128;
        if (good)
          expect(
            (
              await skep
                .agent(Counter, name)
                .info()
                .catch((error) => error)
            ).code,
          ).toBe('unknown-agent');
        else expect(() => skep.agent(Counter, name)).toThrowError(expect.objectContaining({ code: 'invalid-id' }));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
