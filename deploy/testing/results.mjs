/** Totals from vitest's JSON results. */

/**
 * @typedef {object} Totals
 * @property {number} passed
 * @property {number} failed tests that failed, plus files that could not be loaded, plus 1 when the run failed for another reason
 * @property {number} skipped skipped and todo
 * @property {string[]} remarks
 */

/**
 * @param {string} json what vitest wrote; empty when it did not get that far
 * @param {number} exitCode of vitest
 * @returns {Totals}
 */
export function countResults(json, exitCode) {
  /** @type {Totals} */
  const totals = { passed: 0, failed: 0, skipped: 0, remarks: [] };
  if (json === '') {
    return { ...totals, failed: 1, remarks: ['The test run ended without results.'] };
  }
  const results = JSON.parse(json);
  totals.passed = results.numPassedTests;
  totals.failed = results.numFailedTests;
  totals.skipped = results.numPendingTests + results.numTodoTests;
  /** @type {{ name: string, status: string, assertionResults: { status: string }[] }[]} */
  const files = results.testResults;
  for (const file of files) {
    // A file that cannot be loaded has no tests that could fail.
    if (file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed')) {
      totals.failed += 1;
      totals.remarks.push(`Could not be run as a whole: ${file.name}`);
    }
  }
  if (totals.passed + totals.failed + totals.skipped === 0) {
    totals.failed = 1;
    totals.remarks.push('No test was found.');
  } else if (exitCode !== 0 && totals.failed === 0) {
    totals.failed = 1;
    totals.remarks.push('Every test passed, but the run failed; the reason stands above (such as an error outside of a test).');
  }
  return totals;
}

/** @param {Totals} totals */
export function lastLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
