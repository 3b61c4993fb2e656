/** Reading what SWE-agent wrote, in the forms that its versions write. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isSkepError } from '@skep/kernel';
import { describe, expect, test } from 'vitest';
import { readTrajectoryFile } from '../../src/index.js';
import { temporaryFolder } from '../programs/skep.js';

const STEP = { action: 'ls\n', observation: 'a b', response: 'let me look', thought: 'look', state: '{"open_file":"n/a","working_dir":"/w"}\n' };

function written(onTestFinished: (remove: () => void) => void, name: string, content: unknown): string {
  const file = join(temporaryFolder(onTestFinished), name);
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text);
  return file;
}

describe('a trajectory', () => {
  test('is read from gzip and from plain JSON, whatever the name says', ({ onTestFinished }) => {
    const packed = written(onTestFinished, 'run.traj.gz', { trajectory: [STEP] });
    const plain = written(onTestFinished, 'run.json', { trajectory: [STEP] });
    expect(readTrajectoryFile(packed)).toMatchObject({ name: 'run', steps: [{ action: 'ls\n', observation: 'a b', thought: 'look' }] });
    expect(readTrajectoryFile(plain).steps).toEqual(readTrajectoryFile(packed).steps);
  });

  test('tells the open file and the folder, from an object or from text', ({ onTestFinished }) => {
    const tools = { open_file: '/w/x.py', working_dir: '/w' };
    const file = written(onTestFinished, 'a.traj', {
      trajectory: [STEP, { ...STEP, state: tools }, { ...STEP, state: 'gibberish' }, { ...STEP, state: null }],
    });
    expect(readTrajectoryFile(file).steps.map((step) => step.tools)).toEqual([{ open_file: 'n/a', working_dir: '/w' }, tools, null, null]);
  });

  test('begins with what the model was told and ends with what it cost', ({ onTestFinished }) => {
    const history = [
      { role: 'system', content: 's' },
      { role: 'assistant', content: 'demo', is_demo: true },
      { role: 'user', content: 'task' },
      { role: 'assistant', content: 'let me look' },
    ];
    const info = { model_stats: { instance_cost: 0.25, api_calls: 2 }, exit_status: 'submitted' };
    const file = written(onTestFinished, 'a.traj', {
      environment: 'e',
      history,
      info,
      trajectory: [STEP, { ...STEP, execution_time: 0.5, extra: { unknown: 1 } }],
    });
    const [first, last] = readTrajectoryFile(file).steps;
    expect(first?.messages).toMatchObject([
      { role: 'system' },
      { content: 'demo' },
      { content: 'task' },
      { role: 'assistant' },
      { role: 'user', content: 'a b' },
    ]);
    expect(first).toMatchObject({ environment: 'e', executionTime: null });
    expect(first).not.toHaveProperty('info');
    expect(last).toMatchObject({ executionTime: 0.5, info });
  });

  test('without steps is read from its history, a message a step', ({ onTestFinished }) => {
    const history = [
      { role: 'user', content: [{ type: 'text', text: 'do' }] },
      { role: 'assistant', content: 'ok', thought: 't', action: 'go', tool_calls: [{ id: 1 }] },
    ];
    const { steps } = readTrajectoryFile(written(onTestFinished, 'a.traj', { history, trajectory: [] }));
    expect(steps).toMatchObject([
      { messages: [history[0]], observation: history[0]?.content },
      { messages: [history[1]], thought: 't', action: 'go', observation: null },
    ]);
  });

  test('keeps numbers as they are, and counts what could not be stored', ({ onTestFinished }) => {
    const text = `{"trajectory":[{"action":"a\\ud800b\\udc00","observation":"😀","thought":1e-7,"response":12345678901234567890,"execution_time":0.1}]}`;
    const { steps, repairs } = readTrajectoryFile(written(onTestFinished, 'a.traj', text));
    expect(repairs).toEqual({ surrogates: 2, numbers: 1, bytes: 0 });
    expect(steps).toMatchObject([{ action: 'a\ufffdb\ufffd', observation: '😀', thought: 1e-7, executionTime: 0.1 }]);
  });

  test('may hold what Python writes and JSON does not know, and bytes that are no text', ({ onTestFinished }) => {
    const file = written(
      onTestFinished,
      'a.traj',
      '{"trajectory":[{"thought":"NaN \\" Infinity","execution_time":NaN,"response":[-Infinity],"action":"A"}]}',
    );
    writeFileSync(
      file,
      readFileSync(file).map((byte) => (byte === 0x41 ? 0xff : byte)),
    );
    const { steps, repairs } = readTrajectoryFile(file);
    expect(repairs).toEqual({ surrogates: 0, numbers: 2, bytes: 1 });
    expect(steps).toMatchObject([{ thought: 'NaN " Infinity', executionTime: null, action: '\ufffd', messages: [{ content: ['-Infinity'] }, {}] }]);
  });

  test('gets an agent whose name has its place, however long the file name is', ({ onTestFinished }) => {
    const name = `${'ä'.repeat(80)}.traj`;
    const read = readTrajectoryFile(written(onTestFinished, name, { trajectory: [STEP] }));
    expect(Buffer.byteLength(read.name)).toBeLessThanOrEqual(128);
    expect(read.name.startsWith('ää')).toBe(true);
  });
});

describe('a file that cannot be replayed', () => {
  test.each([
    ['damaged gzip', 'bad.traj.gz', undefined, 'malformed'],
    ['no JSON', 'bad.traj', '{"trajectory": [', 'malformed'],
    ['no object', 'bad.traj', '[]', 'malformed'],
    ['no steps', 'bad.traj', '{"info": {}}', 'malformed'],
    ['steps that are no objects', 'bad.traj', '{"trajectory": [1]}', 'malformed'],
    ['messages that are no objects', 'bad.traj', '{"history": ["hi"]}', 'malformed'],
    ['nesting beyond the limit', 'bad.traj', `{"trajectory":[{"thought":${'['.repeat(200)}${']'.repeat(200)}}]}`, 'malformed'],
    ['a step beyond the limit', 'bad.traj', JSON.stringify({ trajectory: [{ observation: 'x'.repeat(1024 * 1024) }] }), 'payload-too-large'],
  ])('is named: %s', (_, name, text, code) => {
    const finished: (() => void)[] = [];
    const file = join(
      temporaryFolder((remove) => void finished.push(remove)),
      name,
    );
    writeFileSync(file, text ?? gzipSync('{"trajectory":[]}').subarray(0, 20));
    try {
      readTrajectoryFile(file);
      expect.unreachable();
    } catch (error) {
      expect(isSkepError(error) && error.code).toBe(code);
      expect(error).toMatchObject({ id: file, message: expect.stringContaining(basename(file)) });
    } finally {
      for (const remove of finished) remove();
    }
  });
});
