import { describe, expect, it } from 'vitest';
import { run } from './programs/run.js';

const LIMIT_MS = 100;
/** Runs that the machine itself may hold up. */
const TRIES_MAX = 10;

/** The program blocks its own thread, so it runs apart; what it writes to stderr is what an operator would see. */
function watched(mode: string) {
  const running = run('stuck.mjs', [mode], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stderr = '';
  const order: string[] = [];
  const ended = new Promise<void>((resolve) => running.child.once('close', () => resolve()));
  running.child.stderr?.on('data', (chunk) => {
    stderr += chunk;
    order.push('line');
  });
  void running.line('heldMs').then(
    () => order.push('free'),
    () => undefined,
  );
  return { running, ended, order, stderr: () => stderr };
}

/** A run in which no turn held the thread for long: on a busy machine a short turn may, and is reported rightly. */
async function undisturbed(mode: string) {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const run = watched(mode);
    await run.ended;
    const { heldMs } = await run.running.line('heldMs');
    if (Number(heldMs) < LIMIT_MS) return run;
  }
  throw new Error('no turn was short: the machine held up every run');
}

describe('the watchdog', () => {
  it('names agent and method while the thread is stuck, once, and reports when it is free', async () => {
    const { running, ended, order, stderr } = watched('stuck');
    const report = await running.line('agent');
    await ended;
    expect(report).toMatchObject({ agent: 'default/clerk/a1', method: 'sum' });
    expect(report.blockedMs).toBeGreaterThanOrEqual(LIMIT_MS);
    // D3.
    expect(report.blockedMs).toBeLessThanOrEqual(Number((await running.line('heldMs')).heldMs));
    expect(stderr().split('\n').filter(Boolean)).toHaveLength(1);
    expect(stderr()).toMatch(/default\/clerk\/a1 sum has held the thread for \d+ ms/);
    expect(order).toEqual(['line', 'free']);
  });

  it('says nothing of a turn that awaits, nor of many short ones, nor of a thread stuck outside a turn', async () => {
    for (const mode of ['await', 'short', 'outside']) {
      const { running, stderr } = await undisturbed(mode);
      expect(stderr()).toBe('');
      expect(running.lines.filter((line) => 'agent' in line)).toEqual([]);
    }
  });

  it('can be closed at any moment of its start', async () => {
    for (let tries = 0; tries < 3; tries += 1) expect(await run('hasty.mjs', []).line('closed')).toEqual({ closed: 60 });
  });
});
