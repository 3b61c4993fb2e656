import { describe, expect, it } from 'vitest';
import { run } from './programs/run.js';

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
  void running.line('freeAt').then(
    () => order.push('free'),
    () => undefined,
  );
  return { running, ended, order, stderr: () => stderr };
}

describe('the watchdog', () => {
  it('names agent and method while the thread is stuck, once, and reports when it is free', async () => {
    const { running, ended, order, stderr } = watched('stuck');
    const report = await running.line('agent');
    await ended;
    expect(report).toMatchObject({ agent: 'default/clerk/a1', method: 'sum' });
    expect(report.blockedMs).toBeGreaterThan(100);
    expect(report.blockedMs).toBeLessThan(2000);
    expect(stderr().split('\n').filter(Boolean)).toHaveLength(1);
    expect(stderr()).toMatch(/default\/clerk\/a1 sum has held the thread for \d+ ms/);
    expect(order).toEqual(['line', 'free']);
  });

  it('says nothing of a turn that awaits, nor of many short ones, nor of a thread stuck outside a turn', async () => {
    for (const mode of ['await', 'short', 'outside']) {
      const { running, ended, stderr } = watched(mode);
      await ended;
      expect(stderr()).toBe('');
      expect(running.lines.filter((line) => 'agent' in line)).toEqual([]);
    }
  });

  it('can be closed at any moment of its start', async () => {
    for (let tries = 0; tries < 3; tries += 1) expect(await run('hasty.mjs', []).line('closed')).toEqual({ closed: 60 });
  });
});
