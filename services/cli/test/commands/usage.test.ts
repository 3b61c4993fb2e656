/** What every command has in common: help, bad usage, exit codes, the shape of errors. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXIT, run } from '../../src/index.js';
import { heardShell } from '../programs/shell.js';
import { skep, temporaryFolder } from '../programs/skep.js';

const COMMANDS = [
  ...['init', 'dev', 'demo', 'up', 'down', 'status', 'watch', 'reset', 'doctor', 'replay'],
  'demo best-of-n',
  ...['ls', 'show', 'collapse', 'undo'].map((name) => `superposition ${name}`),
  ...['ls', 'add', 'drain', 'kill'].map((name) => `node ${name}`),
  ...['where', 'migrate', 'pin', 'unpin'].map((name) => `agent ${name}`),
  ...['ls', 'get', 'create', 'call', 'suspend', 'resume', 'terminate', 'log', 'at', 'diff', 'branch', 'checkpoint', 'restore'].map(
    (name) => `agent ${name}`,
  ),
];

describe('every command', () => {
  test.each(COMMANDS)('skep %s --help opens with its usage and ends with an example', async (command) => {
    const shell = heardShell();
    expect(await run(shell, [...command.split(' '), '--help'])).toBe(EXIT.done);
    expect(shell.heard.stdout).toMatch(new RegExp(`^Usage: skep ${command}\\s`, 'm'));
    expect(shell.heard.stdout).toMatch(/--json/);
    expect(shell.heard.stdout).toMatch(/--dir/);
    expect(shell.heard.stdout).toMatch(new RegExp(`Examples?:\\n {2}\\$ skep ${command}`));
  });
});

describe('a wrong command line', () => {
  test.each([
    ['an unknown command', ['fly']],
    ['an unknown command of a group', ['agent', 'fly']],
    ['no command of a group', ['agent']],
    ['a missing argument', ['agent', 'get']],
    ['too many arguments', ['status', 'now']],
    ['an unknown option', ['status', '--fast']],
    ['an option that is no number', ['agent', 'at', 'a/b', '--version', 'three']],
    ['a missing option', ['agent', 'at', 'a/b']],
    ['a status that does not exist', ['agent', 'ls', '--status', 'asleep']],
    ['two targets that exclude each other', ['agent', 'restore', 'a/b', '--version', '1', '--checkpoint', 'c']],
    ['no target to go back to', ['agent', 'restore', 'a/b']],
    ['an agent without its kind', ['agent', 'get', 'counter']],
    ['an agent with too many parts', ['agent', 'get', 'a/b/c/d']],
    ['a value that is no JSON', ['agent', 'call', 'state/a', 'update', '{changes: 1}']],
    ['a file of values that does not exist', ['agent', 'call', 'state/a', 'update', '@absent.json']],
    ['a share beyond the work', ['replay', 'x', '--kill-at', '100%']],
  ])('%s ends with exit code 2 and changes nothing', async (_, args) => {
    const text = heardShell();
    expect(await run(text, args)).toBe(EXIT.usage);
    expect(text.heard.stderr).toMatch(/remedy/);
    const json = heardShell({ mode: 'json' });
    expect(await run(json, [...args, '--json'])).toBe(EXIT.usage);
    const { error } = JSON.parse(json.heard.stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(error).toEqual({ code: expect.any(String), message: expect.any(String), id: error.id, remedy: expect.stringMatching(/./) });
  });
});

describe('the program', () => {
  test('prints one JSON error on the last line of stdout, and nothing else there', async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    const ended = await skep({ folder }, 'agent', 'at', 'state/a', '--version', '1', '--json');
    expect(ended.code).toBe(EXIT.refused);
    expect(ended.json.error).toMatchObject({ code: 'unknown-agent', id: 'default/state/a' });
    expect(ended.stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  test('ends with exit code 3 where no folder can be', async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    writeFileSync(join(folder, 'file'), '');
    const ended = await skep({ folder }, 'agent', 'create', 'state/a', '--dir', 'file/data', '--json');
    expect(ended.code).toBe(EXIT.unavailable);
    expect(ended.json.error.code).toBe('unavailable');
  });

  test('tells a damaged database, and leaves it as it was', async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    await skep({ folder }, 'agent', 'create', 'state/a');
    writeFileSync(join(folder, '.skep', 'log.db'), 'this is no database, and long enough to be looked at twice'.repeat(100));
    const ended = await skep({ folder }, 'agent', 'get', 'state/a', '--json');
    expect(ended.code).toBe(EXIT.refused);
    expect(ended.json.error.code).toBe('corrupt');
    const doctor = await skep({ folder }, 'doctor', '--json');
    expect(doctor.code).toBe(EXIT.refused);
    expect(doctor.json.checks.filter(({ ok }) => !ok)).toMatchObject([{ name: 'data' }]);
  });

  test('works in the folder that npm was called from', async ({ onTestFinished }) => {
    const folder = temporaryFolder(onTestFinished);
    mkdirSync(join(folder, 'below'));
    const moved = heardShell({ cwd: folder, mode: 'json' });
    expect(await run(moved, ['agent', 'create', 'state/a', '--dir', 'below/data', '--json'])).toBe(EXIT.done);
    expect(JSON.parse(moved.heard.stdout)).toMatchObject({ agent: 'default/state/a', status: 'active', version: 0 });
  });
});
