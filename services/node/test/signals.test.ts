/** How the program of a node ends, where there are no servers at all. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../dist/main.js', import.meta.url));
/** Nobody listens on the discard port of this machine. */
const NOWHERE = ['--name', 'n1', '--server', 'nats://127.0.0.1:9'];

function start(
  args: readonly string[],
  onTestFinished: (end: () => void) => void,
): { child: ChildProcess; heard: (event: string) => Promise<object> } {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stderr });
  const heard = async (event: string): Promise<object> => {
    for await (const line of lines) {
      const said = JSON.parse(line);
      if (said.event === event) return said;
    }
    throw new Error(`it never said ${event}`);
  };
  return { child, heard };
}

test('servers that are away: it says so as unavailable, goes on, and SIGTERM ends it with 0', async ({ onTestFinished }) => {
  const { child, heard } = start(NOWHERE, onTestFinished);
  expect(await heard('waiting')).toMatchObject({ node: 'n1', error: { code: 'unavailable', remedy: expect.stringMatching(/./) } });
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a wrong configuration ends it with 2, and an error in JSON', async ({ onTestFinished }) => {
  const { child, heard } = start(['--name', 'n1'], onTestFinished);
  const exit = once(child, 'exit');
  expect(await heard('failed')).toMatchObject({ error: { code: 'not-configured', id: 'servers' } });
  expect(await exit).toEqual([2, null]);
});

test('--help shows how it is used', async ({ onTestFinished }) => {
  const { child } = start(['--help'], onTestFinished);
  let text = '';
  child.stdout?.on('data', (chunk) => {
    text += chunk;
  });
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(text).toMatch(/^Usage: skep-node[\s\S]*Example:\n {2}\$ skep-node/);
});
