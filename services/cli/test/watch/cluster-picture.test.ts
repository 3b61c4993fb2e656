/** What `watch` shows of a cluster. */
import { createColors } from 'picocolors';
import { expect, test } from 'vitest';
import { Elections } from '../../src/watch/elections.js';
import { watchLines } from '../../src/watch/picture.js';
import { WatchTally } from '../../src/watch/tally.js';

test('an election is a leader that is another one; a stream without a leader is none', async () => {
  const answers = [
    { a: 's1', b: 's2' },
    { a: 's1', b: undefined },
    { a: 's2', b: 's2' },
    { a: 's2', b: 's3' },
  ];
  const elections = new Elections(async () => {
    const answer = answers.shift();
    if (answer === undefined) throw new Error('the servers are away');
    return Object.entries(answer).map(([stream, leader]) => ({ stream, leader, lastSequence: 0 }));
  });
  try {
    const seen = async () => {
      await elections.look();
      return [elections.seen, elections.leaderless];
    };
    // The first look was begun with the first answer.
    await Promise.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await seen()).toEqual([0, 1]);
    expect(await seen()).toEqual([1, 0]);
    expect(await seen()).toEqual([2, 0]);
    expect(await seen()).toEqual([2, 0]);
    expect(elections.leads).toEqual([
      ['s2', 1],
      ['s3', 1],
    ]);
  } finally {
    elections.stop();
  }
});

test('nodes stand between the figures and the agents, with their lag', () => {
  const lines = watchLines({
    name: '.skep/cluster',
    status: {
      ...{ dir: null, level: 'fsync', pid: 0, startedMs: 0, kinds: [], agents: { known: 3, active: 3 }, turns: 9, failures: 0, turnsPerSecond: 2 },
      ...{ latencyMs: { p50: 1, p99: 2 }, mailbox: 0, lane: { id: 'l', batch: 0 }, recovery: { agents: 0, ms: 0 }, alarms: [] },
    },
    cluster: {
      nodes: [
        { node: 'n1', status: 'serving', active: 2, turnsPerSecond: 2, p99Ms: 2, lagMs: 7 },
        { node: 'n2', status: 'draining', active: 1, turnsPerSecond: 0, p99Ms: 0, lagMs: null },
      ],
      elections: {
        seen: 1,
        leaderless: 0,
        leads: [
          ['s1', 4],
          ['s2', 2],
        ],
      },
    },
    tally: new WatchTally(),
    nowMs: 0,
    colours: createColors(false),
    rows: 40,
  });
  expect(lines[0]).not.toContain('process');
  expect(lines.find((line) => line.startsWith('n1'))).toMatch(/serving +2 +2 +2.00 ms +7 ms$/);
  expect(lines.find((line) => line.startsWith('n2'))).toMatch(/draining +1 +0 .* -$/);
  expect(lines).toContain('servers s1 leads 4, s2 leads 2  1 election seen');
});
