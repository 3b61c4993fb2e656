/**
 * A process that holds a folder for another one, which talks to it as a client and may kill it at any moment: the demo and
 * `replay --kill-at` are built on it.
 *
 *   node holder/main.js <folder> [<configuration>]
 *
 * It says one line of JSON on stdout: `{"ready":true,...}`, or an error. It ends when its stdin ends, and so never outlives its parent.
 */
import { toSkepError } from '@skep/kernel';
import { openSkep } from '@skep/sdk';
import { projectIn } from '../config/kinds.js';

const [dir = '', config] = process.argv.slice(2);

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

// Ctrl-C reaches every process of a terminal; when to end is the parent's decision.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);

try {
  const startMs = performance.now();
  const skep = await openSkep({ dir, ...(await projectIn(config, dir)) });
  say({ ready: true, pid: process.pid, openMs: performance.now() - startMs });
  process.stdin.on('end', () => {
    skep.close().then(
      () => process.exit(0),
      (error: unknown) => {
        say(toSkepError(error));
        process.exit(1);
      },
    );
  });
  process.stdin.resume();
} catch (error) {
  say(toSkepError(error));
  process.exitCode = 1;
}
