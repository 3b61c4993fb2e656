import { ERRORS, LIMITS } from '@skep/kernel';
import { describe, expect, test } from 'vitest';
import { read } from './repository.js';

describe('the tables of shared/README.md', () => {
  const tables = read('shared/README.md');

  test('every error code has its row', () => {
    const missing = Object.entries(ERRORS).filter(([code, { status, retry }]) => !tables.includes(`| \`${code}\` | ${status} | ${retry} |`));
    expect(missing.map(([code]) => code)).toEqual([]);
  });

  test('every limit has its row, with its value', () => {
    const missing = Object.entries(LIMITS).filter(([name, value]) => !tables.includes(`| \`${name}\` | ${value.toLocaleString('en-US')} |`));
    expect(missing.map(([name]) => name)).toEqual([]);
  });
});
