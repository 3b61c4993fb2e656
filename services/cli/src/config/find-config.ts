import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const NAMES = ['skep.config.ts', 'skep.config.mts', 'skep.config.js', 'skep.config.mjs'];

/** The nearest configuration in this folder or one above it. */
export function findConfig(folder: string): string | undefined {
  for (let at = folder; ; at = dirname(at)) {
    const found = NAMES.map((name) => join(at, name)).find(existsSync);
    if (found !== undefined || dirname(at) === at) return found;
  }
}

/** Evaluating a configuration takes its time; one whose text has no such word says nothing about it. */
export function speaksOf(config: string, word: string): boolean {
  return new RegExp(`\\b${word}\\b`).test(readFileSync(config, 'utf8'));
}
