/**
 * Runs before each test file: properties draw from one seed, so that a run of the tests can be repeated. `SKEP_SEED=7` draws others, `SKEP_SEED=random`
 * others each time; `npm run properties` takes one seed after another.
 */
import fc from 'fast-check';

const { SKEP_SEED = '1' } = process.env;
if (SKEP_SEED !== 'random') {
  const seed = Number(SKEP_SEED);
  if (!Number.isInteger(seed)) throw new Error(`SKEP_SEED is a whole number or "random", not ${SKEP_SEED}.`);
  fc.configureGlobal({ seed });
}
