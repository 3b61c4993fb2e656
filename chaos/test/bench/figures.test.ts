/** What the benchmark makes of its samples. */
import { describe, expect, test } from 'vitest';
import { flameGraphOf } from '../../src/bench/flame-graph.js';
import { withRivals } from '../../src/bench/rivals.js';
import { compared, rowOf } from '../../src/bench/row.js';
import { hottestOf } from '../../src/bench/samples.js';

const hundred = Array.from({ length: 100 }, (_, index) => index + 1);

describe('a row', () => {
  test('of latencies puts the slow operations into the late percentiles, of rates the slow rounds', () => {
    expect(rowOf({ id: 'a', unit: 'ms', samples: hundred, note: '' })).toMatchObject({ p50: 50, p95: 95, p99: 99, n: 100 });
    expect(rowOf({ id: 'a', unit: 'turns/s', samples: hundred, note: '' })).toMatchObject({ p50: 51, p95: 6, p99: 2 });
  });

  test('is better than another by more calls a second, or by fewer milliseconds', () => {
    const row = (unit: string, sample: number) => rowOf({ id: 'a', unit, samples: [sample], note: '' });
    expect(compared(row('turns/s', 100), row('turns/s', 25)).ratio).toBe(4);
    expect(compared(row('ms', 2), row('ms', 8)).ratio).toBe(4);
    expect(compared(rowOf({ id: 'a', unit: 'ms', samples: [], note: '' }), row('ms', 8))).toMatchObject({ peer: null, ratio: null });
  });
});

describe('rivals', () => {
  test('a row is measured by the best system of its own level, never by a weaker one', () => {
    const measured = [
      { id: 'peer.effect.persisted', unit: 'turns/s', samples: [10], note: '', name: 'slow', level: 'local' },
      { id: 'peer.langgraph.sqlite.full', unit: 'turns/s', samples: [20], note: '', name: 'fast', level: 'local' },
      { id: 'peer.rivet.save', unit: 'turns/s', samples: [50], note: '', name: 'unsynced', level: 'unsynced' },
    ] as const;
    const rows = [rowOf({ id: 'turn.local', unit: 'turns/s', samples: [100], note: '' })];
    const [ours, ...theirs] = withRivals({ rows, measured });
    expect(ours).toMatchObject({ ratio: 5, peer: 'fast: 20 turns/s, level local' });
    expect(theirs.map(({ id, peer, ratio }) => [id, peer, ratio])).toEqual([
      ['peer.effect.persisted', 'turn.local', 0.1],
      ['peer.langgraph.sqlite.full', 'turn.local', 0.2],
      ['peer.rivet.save', 'turn.local', 0.5],
    ]);
  });
});

describe('a profile', () => {
  const frame = (functionName: string) => ({ functionName, url: '', lineNumber: 0 });
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 4] },
      { id: 2, callFrame: frame('outer'), children: [3] },
      { id: 3, callFrame: frame('</script>') },
      { id: 4, callFrame: frame('(idle)') },
    ],
    samples: [2, 3, 4, 4],
    timeDeltas: [0, 100, 300, 1000],
  };

  test('counts what functions did themselves, and leaves out waiting', () => {
    expect(hottestOf(profile, 5)).toEqual([
      { name: '</script>', share: 0.75 },
      { name: 'outer', share: 0.25 },
    ]);
  });

  test('becomes one page that loads nothing and that no name breaks', () => {
    const page = flameGraphOf(profile, 'a <scene>');
    expect(page).toContain('["all",400,[["outer",400,[["\\u003c/script>",300,[]]]]]]');
    expect(page).toContain('<title>a &#60;scene&#62;</title>');
    expect(page).not.toMatch(/src=|href=|https?:/);
  });
});
