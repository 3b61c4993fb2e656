import { agentId } from '@skep/kernel';
import { expect, test } from 'vitest';
import { coloursFor } from '../../src/output/colours.js';
import { watchLines } from '../../src/watch/picture.js';
import { WatchTally } from '../../src/watch/tally.js';
import { heardShell } from '../programs/shell.js';

const agent = (name: string) => agentId({ tenant: 'default', kind: 'counter', name });
const turn = (name: string, version: number) => ({ agent: agent(name), version, type: 'increment', changes: 1, timeMs: 1_000 });

test('the busiest agents come first, by their turns of the last whole second', () => {
  const tally = new WatchTally();
  tally.add([turn('a', 1), turn('b', 1), turn('b', 2)], 10_500);
  tally.add([turn('a', 2)], 11_100);
  expect(tally.agents(11_200, 10)).toMatchObject([
    { agent: agent('b'), version: 2, turnsPerSecond: 2 },
    { agent: agent('a'), version: 2, turnsPerSecond: 1 },
  ]);
  expect(tally.agents(20_000, 1)).toMatchObject([{ agent: agent('a'), turnsPerSecond: 0 }]);
  expect(tally.totals()).toEqual({ turns: 4, agents: 2 });
});

test('the picture fits its terminal', () => {
  const tally = new WatchTally();
  tally.add(
    Array.from({ length: 100 }, (_, at) => turn(`agent-${at}`, 1)),
    1_000,
  );
  const status = {
    dir: '/d',
    level: 'local' as const,
    pid: 7,
    startedMs: 0,
    kinds: [],
    agents: { known: 100, active: 100 },
    turns: 100,
    failures: 0,
    turnsPerSecond: 12.3,
    latencyMs: { p50: 1, p99: 2 },
    mailbox: 0,
    lane: { id: 'l', batch: 1 },
    recovery: { agents: 0, ms: 0 },
    alarms: [],
  };
  const lines = watchLines({ status, cluster: undefined, name: '/d', tally, nowMs: 2_000, colours: coloursFor(heardShell().stdout, {}), rows: 24 });
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines[0]).toContain('process 7');
  expect(lines.filter((line) => line.includes('counter/agent-')).length).toBeGreaterThan(10);
});
