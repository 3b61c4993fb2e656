/**
 * Ends this process when the npm that started it is killed.
 *
 * npm starts a script through a shell. A SIGTERM for npm ends that shell but does not reach what the shell runs, which would
 * go on alone. Nothing tells a process that its parent died, so it looks now and then.
 */
const LOOK_MS = 500;

export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) {
    return;
  }
  const parent = process.ppid;
  const looking = setInterval(() => {
    if (process.ppid !== parent) {
      clearInterval(looking);
      process.kill(process.pid, 'SIGTERM');
    }
  }, LOOK_MS);
  // It alone keeps no process alive.
  looking.unref();
}
