/** The examples are programs that strangers learn from: each runs here, and does what it says. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { main as counter } from '../examples/01-counter/index.js';
import { main as timeTravel } from '../examples/02-memory-and-time-travel/index.js';
import { main as messages } from '../examples/03-messages/index.js';
import { main as modelInSteps } from '../examples/04-model-in-steps/index.js';
import { main as testing } from '../examples/05-testing/index.js';
import { main as bestOfN } from '../examples/09-best-of-n/index.js';
import { main as treeSearch } from '../examples/10-tree-search/index.js';
import { main as earlyStopping } from '../examples/11-ab-early-stopping/index.js';
import { freshFolders } from './folders.js';

const { freshDir } = freshFolders();
const EXAMPLES = fileURLToPath(new URL('../examples/', import.meta.url));

async function printed(run: (print: (line: string) => void) => Promise<void>): Promise<readonly string[]> {
  const lines: string[] = [];
  await run((line) => lines.push(line));
  return lines;
}

describe('U1: examples', () => {
  it('are eleven, each of 30 to 100 lines', () => {
    const programs = {
      '01-counter': 'index.ts',
      '02-memory-and-time-travel': 'index.ts',
      '03-messages': 'index.ts',
      '04-model-in-steps': 'index.ts',
      '05-testing': 'index.ts',
      '06-raw-tcp': 'index.mjs',
      '07-python': 'main.py',
      '08-go': 'main.go',
      '09-best-of-n': 'index.ts',
      '10-tree-search': 'index.ts',
      '11-ab-early-stopping': 'index.ts',
    };
    expect(readdirSync(EXAMPLES).sort()).toEqual(Object.keys(programs));
    for (const [folder, program] of Object.entries(programs)) {
      const lines = readFileSync(`${EXAMPLES}${folder}/${program}`, 'utf8').trimEnd().split('\n').length;
      expect({ folder, fits: lines >= 30 && lines <= 100 ? 'yes' : `${lines} lines` }).toEqual({ folder, fits: 'yes' });
    }
  });

  it('01: a counter goes on where the last process ended', async () => {
    const dir = freshDir();
    expect(await printed((print) => counter(dir, print))).toEqual([
      'found 0',
      'counted 1',
      'counted 3',
      'unknown-method: kind counter has no method decrement; it has increment, total',
      'version 2: somebody came, a couple came',
    ]);
    expect((await printed((print) => counter(dir, print)))[0]).toBe('found 3');
  });

  it('02 P1: the past is read, compared, branched from and gone back to', async () => {
    expect(await printed((print) => timeTravel(freshDir(), print))).toEqual([
      'what happened:',
      '  1 rename',
      '  2 add',
      '  3 add',
      '  3 snapshot created',
      '  4 rewrite',
      '  5 rename',
      'version 2 said: They dance.',
      'changed since: sections.0',
      'changed since: title',
      'branch: 3 sections',
      'restored as version 6: On bees, same root: true',
      'the wrong turn is still there: On wasps',
    ]);
  });

  it('03 O6: three agents exchange work', async () => {
    expect(await printed((print) => messages(freshDir(), print))).toEqual([
      'done: sweep the hive, count honey',
      'open: paint the whole meadow blue',
      'hours paid: 25',
    ]);
  });

  it('05 U15: the test kit', async () => {
    expect((await printed((print) => testing(print))).length).toBe(2);
  });

  it('09 V5: the best of eight is kept, on a file as SWE-agent writes it', async () => {
    const lines = await printed((print) => bestOfN(freshDir(), print));
    const shares = lines.slice(0, 8).map((line) => Number(/ ([\d.]+) %$/.exec(line)?.[1]));
    const kept = lines.findIndex((line) => line.startsWith('> '));
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(100, 0);
    expect(shares[kept]).toBe(Math.max(...shares));
    expect(lines[8]).toMatch(/^version 1 remembers: .+ \.\.\. \(\d+ characters\)$/);
  });

  it('09 V5: and on a real one, compressed', async ({ skip }) => {
    const file = fileURLToPath(new URL('../../../../shared/data/trajectories/eps.traj.gz', import.meta.url));
    if (!existsSync(file)) skip();
    expect((await printed((print) => bestOfN(freshDir(), print, file))).length).toBe(9);
  });

  it('10 V3: a tree search on branches finds the way, and the same one again', async () => {
    const moves = await printed((print) => treeSearch(freshDir(), print));
    expect(moves.at(-1)).toMatch(/ = 810$/);
    expect(moves.length).toBeLessThanOrEqual(4);
    expect(await printed((print) => treeSearch(freshDir(), print))).toEqual(moves);
  });

  it('11 V4 V5: a trial stops when it is sure, and goes on in the next process until then', async () => {
    const dir = freshDir();
    expect((await printed((print) => earlyStopping(dir, print, 30))).at(-1)).toBe('not sure yet after 30 customers');
    const end = 'sure after 59 of 500 customers; version 1 says: Good to see you! The heather honey came in today.';
    expect((await printed((print) => earlyStopping(dir, print))).at(-1)).toBe(end);
    expect(await printed((print) => earlyStopping(dir, print))).toEqual(['decided: warm']);
  });
});

describe('U2: 04, an agent that calls a model in steps', () => {
  let server: Server | undefined;
  let child: ChildProcess | undefined;
  afterEach(() => {
    child?.kill('SIGKILL');
    server?.closeAllConnections();
    server?.close();
  });

  /** Stands for a model. It never answers what `hangs` says, and remembers every prompt with its idempotency key. */
  async function model(hangs: (prompt: string) => boolean) {
    const calls: { prompt: string; key: string }[] = [];
    server = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { prompt } = JSON.parse(body) as { prompt: string };
        calls.push({ prompt, key: String(request.headers['idempotency-key']) });
        if (hangs(prompt)) return;
        const text = prompt.startsWith('Plan')
          ? 'flowers, distance'
          : prompt.startsWith('Facts')
            ? `${prompt.slice(7)} matter`
            : `Because ${prompt.slice(7)}.`;
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ text }));
      });
    });
    const listening = server;
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, calls };
  }

  it('answers, and does not ask again', async () => {
    const dir = freshDir();
    const { url, calls } = await model(() => false);
    const answer = 'Because flowers matter; distance matter.';
    expect(await printed((print) => modelInSteps(dir, url, print))).toEqual([`asked: ${answer}`, `kept: ${answer}`]);
    expect(calls.map((call) => call.prompt)).toEqual([
      'Plan: Why do bees dance?',
      'Facts: flowers',
      'Facts: distance',
      'Write: flowers matter; distance matter',
    ]);
    expect(new Set(calls.map((call) => call.key)).size).toBe(4);
    expect(await printed((print) => modelInSteps(dir, url, print))).toEqual([`kept: ${answer}`]);
    expect(calls.length).toBe(4);
  });

  it('U3 G12: is killed in the middle, and buys no finished step twice', async () => {
    const dir = freshDir();
    let broken = true;
    const { url, calls } = await model((prompt) => broken && prompt === 'Facts: distance');
    child = spawn(process.execPath, ['--import', 'jiti/register', `${EXAMPLES}04-model-in-steps/index.ts`, dir], {
      env: { ...process.env, MODEL_URL: url },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let complaint = '';
    child.stderr?.on('data', (chunk) => {
      complaint += chunk;
    });
    await expect.poll(() => `${calls.length} ${complaint}`).toBe('3 ');
    const dead = new Promise((resolve) => child?.once('close', resolve));
    child.kill('SIGKILL');
    await dead;
    broken = false;
    const answer = 'Because flowers matter; distance matter.';
    expect(await printed((print) => modelInSteps(dir, url, print))).toEqual([`kept: ${answer}`]);
    const times = (prompt: string) => calls.filter((call) => call.prompt === prompt).length;
    expect(times('Plan: Why do bees dance?')).toBe(1);
    expect(times('Facts: flowers')).toBe(1);
    // The one that was cut off is asked again, under the same key, so that the model may know it.
    expect(times('Facts: distance')).toBe(2);
    const keys = calls.filter((call) => call.prompt === 'Facts: distance').map((call) => call.key);
    expect(keys[0]).toBe(keys[1]);
    expect(times('Write: flowers matter; distance matter')).toBe(1);
  });
});
