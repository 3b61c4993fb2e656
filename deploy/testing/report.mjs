/**
 * What the suites counted. A line of the report is one JSON object:
 *
 *   {"what": "simulator seeds", "count": 300}     counts of the same `what` are added up
 *   {"skipped": "...", "remedy": "..."}            why tests were skipped; the same one is shown once
 *   {"table": "..."}                               shown as it is, after the counts, in order of arrival
 */

/**
 * @param {string} text JSON lines
 * @returns {string[]} lines to show, none when nothing was counted
 */
export function readReport(text) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  /** @type {string[]} */
  const tables = [];
  /** @type {Set<string>} */
  const skipped = new Set();
  /** @type {string[]} */
  const unreadable = [];
  for (const line of text.split('\n').filter((each) => each.trim() !== '')) {
    const entry = parse(line);
    if (typeof entry?.what === 'string' && typeof entry.count === 'number') {
      counts.set(entry.what, (counts.get(entry.what) ?? 0) + entry.count);
    } else if (typeof entry?.skipped === 'string') {
      skipped.add(`Skipped, because ${entry.skipped}. Remedy: ${entry.remedy}.`);
    } else if (typeof entry?.table === 'string') {
      tables.push(...entry.table.trimEnd().split('\n'), '');
    } else {
      unreadable.push(`A test reported a line that cannot be read: ${line.slice(0, 200)}`);
    }
  }
  return [...unreadable, ...countLines(counts), ...tables, ...skipped];
}

/**
 * @param {string} line
 * @returns {Record<string, unknown> | undefined}
 */
function parse(line) {
  try {
    const value = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {ReadonlyMap<string, number>} counts */
function countLines(counts) {
  if (counts.size === 0) {
    return [];
  }
  const rows = [...counts].map(([what, count]) => ({ what, count: count.toLocaleString('en-US') }));
  const whatWidth = Math.max(...rows.map(({ what }) => what.length));
  const countWidth = Math.max(...rows.map(({ count }) => count.length));
  return ['What the tests covered', ...rows.map(({ what, count }) => `  ${what.padEnd(whatWidth)}  ${count.padStart(countWidth)}`), ''];
}
