import { describe, expect, test } from 'vitest';
import { readArguments } from '../testing/properties.mjs';
import { readReport } from '../testing/report.mjs';
import { countResults, lastLine } from '../testing/results.mjs';
import { linksOf } from '../verify/links.mjs';

const results = (passed: number, failed: number, skipped: number, testResults: unknown[] = []): string =>
  JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped, numTodoTests: 0, testResults });

describe('the summary of a test run', () => {
  test('adds up counts of the same name and shows tables as they are', () => {
    const report = [
      '{"what":"seeds","count":300}',
      '{"what":"states","count":1200}',
      '{"what":"seeds","count":200}',
      '{"table":"a | b\\n1 | 2"}',
    ].join('\n');
    expect(readReport(report)).toEqual(['What the tests covered', '  seeds     500', '  states  1,200', '', 'a | b', '1 | 2', '']);
  });

  test('says why tests were skipped and what to do, once', () => {
    const line = '{"skipped":"nats-server is not here","remedy":"install Go 1.26"}';
    expect(readReport([line, line].join('\n'))).toEqual(['Skipped, because nats-server is not here. Remedy: install Go 1.26.']);
  });

  test('a line that cannot be read is shown, not swallowed', () => {
    expect(readReport('{"what":1}\nnonsense')).toHaveLength(2);
  });

  test('the last line is plain, and names skipped tests only when there are some', () => {
    expect(lastLine(countResults(results(3, 0, 0), 0))).toBe('3 passed, 0 failed');
    expect(lastLine(countResults(results(3, 1, 2), 1))).toBe('3 passed, 1 failed, 2 skipped');
  });

  test('a file that cannot be loaded, a run without tests and a crash all count as failed', () => {
    expect(countResults(results(3, 0, 0, [{ name: 'a', status: 'failed', assertionResults: [] }]), 1).failed).toBe(1);
    expect(countResults(results(0, 0, 0), 0).failed).toBe(1);
    expect(countResults('', 1).failed).toBe(1);
    expect(countResults(results(3, 0, 0), 1).failed).toBe(1);
  });

  test('what failed is named with its file and the start of its message', () => {
    const failure = (n: number): unknown => ({ status: 'failed', fullName: `test ${n}`, failureMessages: ['Error: no\n\n    at a.ts:1\n'] });
    const passed = { status: 'passed', fullName: 'fine', failureMessages: [] };
    const of = (failures: number): string[] =>
      countResults(
        results(1, failures, 0, [
          {
            name: `${process.cwd()}/a.test.ts`,
            status: 'failed',
            assertionResults: [passed, ...Array.from({ length: failures }, (_, n) => failure(n))],
          },
        ]),
        1,
      ).failures;
    expect(of(0)).toEqual([]);
    expect(of(1)).toEqual(['Failed: a.test.ts > test 0', '  Error: no', '      at a.ts:1']);
    expect(of(25)).toHaveLength(20 * 3 + 1);
    expect(of(25).at(-1)).toBe('and 5 more, which stand above');
  });
});

describe('the arguments of npm run properties', () => {
  test('are seeds and parts of names', () => {
    expect(readArguments([])).toMatchObject({ seeds: 20, from: 1, parts: [] });
    expect(readArguments(['--from', '7', 'shared/state', '--seeds', '2'])).toMatchObject({ seeds: 2, from: 7, parts: ['shared/state'] });
  });

  test.each([
    ['--seeds', '0'],
    ['--seeds', 'many'],
    ['--from', '-1'],
    ['--form', '1'],
  ])('%s %s is refused, with how it is used', (...args) => {
    expect(() => readArguments(args)).toThrow(/npm run properties/);
  });
});

describe('the check of links', () => {
  test('code is no link', () => {
    const text = ['[a](b.md)', '`[c](d.md)`', '```', '[e](f.md)', '```', '[g](h.md#i "title")'].join('\n');
    expect(linksOf(text)).toEqual([
      { line: 1, target: 'b.md' },
      { line: 6, target: 'h.md#i' },
    ]);
  });
});
