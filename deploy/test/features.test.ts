import { describe, expect, test } from 'vitest';
import { exportsOf } from '../verify/api.mjs';
import { checkFeatures, featureProblems, parseRows, titlesOf } from '../verify/features.mjs';

const TABLE = 'deploy/test/features.test.ts';

const problemsOf = async (row: string): Promise<string[]> => {
  const id = /^\|\s*(\w+)/.exec(row)?.[1] ?? '';
  return (await checkFeatures(row)).filter((problem) => problem.includes(`row ${id}:`));
};

describe('the check of FEATURES.md', () => {
  test('the table of the repository holds what it promises', async () => {
    expect(await featureProblems()).toEqual([]);
  });

  test('a missing, a doubled and an unknown id are each named', async () => {
    const problems = await checkFeatures(['| V1 | a | | | not yet |', '| V1 | a | | | not yet |', '| V99 | a | | | not yet |'].join('\n'));
    expect(problems).toContain('FEATURES.md: the row V1 stands there more than once.');
    expect(problems).toContain('FEATURES.md: the row U15 is missing.');
    expect(problems).toContain('FEATURES.md, row V99: there is no such id.');
  });

  test('a state outside of the three is refused', async () => {
    expect((await problemsOf('| V1 | a | | | almost |')).join()).toContain('has the state "almost"');
    expect((await problemsOf('| V1 | a | | | partly: |')).join()).toContain('has the state "partly:"');
  });

  test('a done row must name an API and a test', async () => {
    expect(await problemsOf('| V1 | a | | | done |')).toEqual([
      'FEATURES.md, row V1: names no API; write it as `@skep/state#treeOf` or `skep agent ls`.',
      'FEATURES.md, row V1: names no test file; write it as `shared/state/test/tree.test.ts`.',
    ]);
  });

  test('a done row must name exports that exist', async () => {
    expect((await problemsOf(`| V1 | a | \`@skep/kernel#noSuchThing\` | \`${TABLE}\` | done |`)).join()).toContain('exports no noSuchThing');
    expect((await problemsOf(`| V1 | a | \`@skep/nowhere#thing\` | \`${TABLE}\` | done |`)).join()).toContain('no such entry');
    expect(await problemsOf(`| V1 | a | \`@skep/kernel#SkepError\` | \`${TABLE}\` | done |`)).toEqual([]);
  });

  test('a done row must name a test whose title carries the id (V1)', async () => {
    expect((await problemsOf(`| O13 | a | \`@skep/kernel#SkepError\` | \`${TABLE}\` | done |`)).join()).toContain('no test title');
    expect((await problemsOf('| O13 | a | `@skep/kernel#SkepError` | `no/such.test.ts` | done |')).join()).toContain('does not exist');
  });

  test('a row with a missing column is named', () => {
    expect(parseRows('| V1 | a | b | done |').problems).toHaveLength(1);
    expect(parseRows('| V1 | a \\| b | | | not yet |').rows).toHaveLength(1);
  });

  test('titles are found behind other arguments too', () => {
    const source = [
      "test('plain', () => {})",
      'it.each([[1], [2]])("each", () => {})',
      'describe(`template`, f)',
      'test.prop([fc.string()])("prop", f)',
      "describe.skipIf(!natsHere('fast', 'toxiproxy'))('skipped', f)",
    ].join('\n');
    expect(titlesOf(source)).toEqual(['plain', 'each', 'template', 'prop', 'skipped']);
  });

  test('exports are found through other files', () => {
    expect(exportsOf('shared/kernel/src/index.ts')).toContain('SkepError');
  });
});
