/** What the process remembers of keys is bounded, whatever the keys are: states that are gone leave no memory behind that grows with them. */
import { execFileSync } from 'node:child_process';
import { execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const CHILD = fileURLToPath(new URL('./caches-child.mjs', import.meta.url));
const MIB = 1024 * 1024;

describe('V10: states that are gone leave little behind', () => {
  test.each([
    { states: 60, keys: 20, keyUnits: 50_000 },
    { states: 60, keys: 4, keyUnits: 200_000 },
    { states: 300, keys: 2_000, keyUnits: 100 },
  ])('V10: $states states of $keys keys of $keyUnits units each', (task) => {
    const { left, made } = JSON.parse(
      execFileSync(execPath, ['--expose-gc', '--single-threaded', CHILD, JSON.stringify(task)], { encoding: 'utf8' }),
    );
    expect(made).toBeGreaterThan(45 * MIB);
    expect(left).toBeLessThan(16 * MIB);
  });
});
