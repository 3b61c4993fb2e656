/** `npm run explore`: what it prints, and how it ends. Runs the build. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { MISTAKES } from '@skep/chaos';
import { describe, expect, test } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../../dist/explore.js', import.meta.url));

function explore(...args: readonly string[]): { readonly status: number | null; readonly lines: readonly string[]; readonly errors: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().split('\n'), errors: stderr };
}

describe('npm run explore', () => {
  test('prints a table of worlds, and with --json one object on the last line', () => {
    const { status, lines } = explore('--world', 'definite refusals', '--json');
    expect(status).toBe(0);
    expect(lines[0]).toMatch(/^world +states +walk +depth +seconds/);
    expect(lines[1]).toMatch(/^definite refusals +[\d,]+ +complete/);
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({
      failed: 0,
      worlds: [{ world: 'definite refusals', complete: 'yes', seen: null }],
      mistakes: [],
    });
  });

  test('prints a table of the planted mistakes, with what was seen of each', () => {
    const { status, lines } = explore('--mistakes');
    expect(status).toBe(0);
    for (const { rule, name } of MISTAKES)
      expect(lines.find((line) => line.startsWith(rule) && line.includes(name))).toMatch(/lost|stale|two|twice|refused|met|orphan|taken/);
  });

  test('stops at the number of states, and says that the world was cut', () => {
    const { status, lines } = explore('--world', 'everything at once', '--states', '2,000');
    expect(status).toBe(0);
    expect(lines[1]).toMatch(/^everything at once +2,000 +cut/);
  });

  test('walks the steps of a counterexample again, and ends with 1 where something is seen', () => {
    const { lines } = explore('--mistake', 'claiming from a lane that is not sealed', '--json');
    expect(lines.join()).toContain('claiming from a lane');
    const { status, lines: walked } = explore('--world', 'moves', '--steps', '0,0');
    expect(status).toBe(0);
    expect(walked[0]).toMatch(/^ +1 +n\d claims$/);
  });

  test.each([[['--world', 'nowhere']], [['--states', 'many']], [['--steps', '1']], [['--strange']]])(
    '%j ends with 2 and says how it is used',
    (args) => {
      const { status, errors } = explore(...args);
      expect(status).toBe(2);
      expect(errors).toContain('npm run explore --');
    },
  );

  test('--help ends with 0 and gives an example', () => {
    const { status, lines } = explore('--help');
    expect(status).toBe(0);
    expect(lines.join('\n')).toContain('For example:');
  });
});
