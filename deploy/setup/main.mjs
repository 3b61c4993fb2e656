/**
 * The one way in: `npm start`, `npm test` and the other scripts call `node deploy/setup/main.mjs <job> [arguments]`.
 *
 * It makes a clean clone ready (tools checked, packages installed, sources built) and then does the job. Set-up speaks on
 * stderr only, so that the last line of stdout belongs to the job. It needs nothing from node_modules.
 *
 * Exit codes: the job's own; 3 when the machine lacks something; 2 for an unknown job; 1 when a step failed.
 */
import { nodeVersionProblem } from './node-version.mjs';

const problem = nodeVersionProblem(process.versions.node);
if (problem === undefined) {
  // Imported late: an old Node could not even parse what follows, and would hide the message above.
  const { runJob } = await import('./jobs.mjs');
  await runJob(process.argv.slice(2));
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 3;
}
