/** Finds relative links in the *.md files whose file, or whose heading, does not exist. */
import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { inRoot } from '../setup/places.mjs';
import { trackedFiles } from '../setup/tracked.mjs';

const LINK = /\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;

/** Links out of the repository are not followed: a check must not need the internet. */
const ELSEWHERE = /^[a-z][a-z0-9+.-]*:/i;

/** @returns {string[]} one message a dead link */
export function deadLinks() {
  return trackedFiles()
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      linksOf(readFileSync(inRoot(file), 'utf8'))
        .filter(({ target }) => !ELSEWHERE.test(target) && !leadsSomewhere({ file, target }))
        .map(({ line, target }) => `${file}:${line}: the link to ${target} leads nowhere.`),
    );
}

/**
 * @param {string} text
 * @returns {{ line: number, target: string }[]}
 */
export function linksOf(text) {
  return withoutCode(text)
    .split('\n')
    .flatMap((line, index) => [...line.matchAll(LINK)].map((match) => ({ line: index + 1, target: match[1] ?? '' })));
}

/** @param {{ file: string, target: string }} link */
function leadsSomewhere({ file, target }) {
  const [path = '', heading] = decodeURI(target).split('#');
  const found = path === '' ? file : posix.join(posix.dirname(file), path);
  if (!existsSync(inRoot(found))) {
    return false;
  }
  return heading === undefined || !found.endsWith('.md') || headingsOf(readFileSync(inRoot(found), 'utf8')).has(heading.toLowerCase());
}

/** @param {string} text */
function headingsOf(text) {
  const titles = [...withoutCode(text).matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) => match[1] ?? '');
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );
}

/**
 * Blanks code blocks and code spans and keeps the lines.
 * @param {string} text
 */
function withoutCode(text) {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, (block) => block.replace(/[^\n]/g, '')).replace(/`[^`\n]*`/g, '``');
}
