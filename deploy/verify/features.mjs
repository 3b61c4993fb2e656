/**
 * Checks FEATURES.md, the table of what was asked for. A row:
 *
 *   | V7 | Merkle forest ... | `@skep/state#treeOf`, `skep agent diff` | `shared/state/test/tree.test.ts` | done |
 *
 * - F1 Every id stands there exactly once.
 * - F2 The state is `done`, `partly: <what is missing>` or `not yet`.
 * - F3 A row that is done or partly done names at least one API and one test file.
 * - F4 Every API it names exists: `package#export`, `package#Export.member`, or a command of the skep command line.
 * - F5 At least one test title in the files it names contains the id as a word.
 */
import { existsSync, readFileSync } from 'node:fs';
import { inRoot } from '../setup/places.mjs';
import { apiProblem } from './api.mjs';

/** How many ids each system has; V1..V14 and so on. */
const SYSTEMS = { V: 14, O: 14, P: 14, W: 9, Q: 12, U: 15 };

const COLUMNS = ['id', 'what', 'API', 'test', 'state'];

/** A title, wherever its call takes other arguments before: it(...), test.each(...)(...), describe.skipIf(...)(...). */
const TITLE = /(?:\b(?:it|test|describe)(?:\.\w+)*(?:<[^>]*>)?\(|\.(?:skipIf|runIf)\(.*?\)\(|\]\s*\)\(|`\s*\)?\()\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g;

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} what
 * @property {string[]} apis
 * @property {string[]} tests
 * @property {string} state
 */

/** @returns {Promise<string[]>} one message a problem */
export async function featureProblems() {
  return checkFeatures(readFileSync(inRoot('FEATURES.md'), 'utf8'));
}

/**
 * @param {string} text of FEATURES.md
 * @returns {Promise<string[]>}
 */
export async function checkFeatures(text) {
  const { rows, problems } = parseRows(text);
  problems.push(...idProblems(rows));
  for (const row of rows) {
    problems.push(...(await rowProblems(row)));
  }
  return problems;
}

/**
 * @param {string} text
 * @returns {{ rows: Row[], problems: string[] }}
 */
export function parseRows(text) {
  /** @type {string[]} */
  const problems = [];
  /** @type {Row[]} */
  const rows = [];
  for (const line of text.split('\n').filter((each) => /^\|\s*[A-Z]\d+\s*\|/.test(each))) {
    // A bar inside a cell is written \|.
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    if (cells.length !== COLUMNS.length) {
      problems.push(`FEATURES.md, row ${cells[0]}: has ${cells.length} columns instead of ${COLUMNS.length} (${COLUMNS.join(', ')}).`);
      continue;
    }
    const [id = '', what = '', api = '', test = '', state = ''] = cells;
    rows.push({ id, what, apis: codeSpans(api), tests: codeSpans(test), state });
  }
  return { rows, problems };
}

/**
 * F1.
 * @param {readonly Row[]} rows
 */
function idProblems(rows) {
  const wanted = Object.entries(SYSTEMS).flatMap(([letter, count]) => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`));
  const missing = wanted.filter((id) => !rows.some((row) => row.id === id)).map((id) => `FEATURES.md: the row ${id} is missing.`);
  const unknown = rows.filter(({ id }) => !wanted.includes(id)).map(({ id }) => `FEATURES.md, row ${id}: there is no such id.`);
  const twice = wanted
    .filter((id) => rows.filter((row) => row.id === id).length > 1)
    .map((id) => `FEATURES.md: the row ${id} stands there more than once.`);
  return [...missing, ...unknown, ...twice];
}

/**
 * @param {Row} row
 * @returns {Promise<string[]>}
 */
async function rowProblems({ id, what, apis, tests, state }) {
  /** @type {string[]} */
  const problems = [];
  if (what === '') {
    problems.push('says nothing under "what".');
  }
  if (!/^(done|not yet|partly: \S.*)$/.test(state)) {
    problems.push(`has the state "${state}"; it must be \`done\`, \`partly: <what is missing>\` or \`not yet\`.`);
  }
  if (state !== 'not yet') {
    if (apis.length === 0) {
      problems.push('names no API; write it as `@skep/state#treeOf` or `skep agent ls`.');
    }
    for (const api of apis) {
      const problem = await apiProblem(api);
      if (problem !== undefined) {
        problems.push(`names the API \`${api}\`, but ${problem}.`);
      }
    }
    problems.push(...testProblems({ id, tests }));
  }
  return problems.map((problem) => `FEATURES.md, row ${id}: ${problem}`);
}

/**
 * F5.
 * @param {{ id: string, tests: readonly string[] }} row
 */
function testProblems({ id, tests }) {
  if (tests.length === 0) {
    return ['names no test file; write it as `shared/state/test/tree.test.ts`.'];
  }
  const absent = tests.filter((file) => !existsSync(inRoot(file)));
  if (absent.length > 0) {
    return absent.map((file) => `names the test file \`${file}\`, which does not exist.`);
  }
  const proven = tests.some((file) => titlesOf(readFileSync(inRoot(file), 'utf8')).some((title) => new RegExp(`\\b${id}\\b`).test(title)));
  return proven ? [] : [`no test title in ${tests.join(', ')} contains "${id}".`];
}

/**
 * @param {string} source of a test file
 * @returns {string[]}
 */
export function titlesOf(source) {
  return [...source.matchAll(TITLE)].map((match) => match[2] ?? '');
}

/**
 * @param {string} cell
 * @returns {string[]}
 */
function codeSpans(cell) {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}
