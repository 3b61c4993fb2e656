/** Totals from vitest's JSON results, and what failed, for whoever sees only the end of a long output. */
import { relative } from 'node:path';

/** Failed tests that are told of one by one; more of them have one cause most of the time. */
const FAILURES_MAX = 20;

/** Lines of a failure's message: the assertion and where it stands. */
const MESSAGE_LINES_MAX = 8;

/**
 * @typedef {object} Totals
 * @property {number} passed
 * @property {number} failed tests that failed, plus files that could not be loaded, plus 1 when the run failed for another reason
 * @property {number} skipped skipped and todo
 * @property {string[]} remarks
 * @property {string[]} failures lines: each failed test with its file, its whole title and the start of its message
 */

/**
 * @typedef {object} TestFile
 * @property {string} name its path
 * @property {string} status
 * @property {{ status: string, fullName?: string, failureMessages?: string[] }[]} assertionResults
 */

/**
 * @param {string} json what vitest wrote; empty when it did not get that far
 * @param {number} exitCode of vitest
 * @returns {Totals}
 */
export function countResults(json, exitCode) {
  /** @type {Totals} */
  const totals = { passed: 0, failed: 0, skipped: 0, remarks: [], failures: [] };
  if (json === '') {
    return { ...totals, failed: 1, remarks: ['The test run ended without results.'] };
  }
  const results = JSON.parse(json);
  totals.passed = results.numPassedTests;
  totals.failed = results.numFailedTests;
  totals.skipped = results.numPendingTests + results.numTodoTests;
  /** @type {TestFile[]} */
  const files = results.testResults;
  for (const file of files) {
    // A file that cannot be loaded has no tests that could fail.
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      totals.failed += 1;
      totals.remarks.push(`Could not be run as a whole: ${file.name}`);
    }
  }
  totals.failures = failuresOf(files);
  if (totals.passed + totals.failed + totals.skipped === 0) {
    totals.failed = 1;
    totals.remarks.push('No test was found.');
  } else if (exitCode !== 0 && totals.failed === 0) {
    totals.failed = 1;
    totals.remarks.push('Every test passed, but the run failed; the reason stands above (such as an error outside of a test).');
  }
  return totals;
}

/**
 * @param {readonly TestFile[]} files
 * @returns {string[]}
 */
function failuresOf(files) {
  const failed = files.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName = '', failureMessages = [] }) => ({
        title: `Failed: ${relative(process.cwd(), name)} > ${fullName}`,
        message: failureMessages.join('\n'),
      })),
  );
  const lines = failed.slice(0, FAILURES_MAX).flatMap(({ title, message }) => [
    title,
    ...message
      .split('\n')
      .filter((line) => line.trim() !== '')
      .slice(0, MESSAGE_LINES_MAX)
      .map((line) => `  ${line}`),
  ]);
  const more = failed.length - FAILURES_MAX;
  return more > 0 ? [...lines, `and ${more} more, which stand above`] : lines;
}

/** @param {Totals} totals */
export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
