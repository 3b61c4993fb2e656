/**
 * `node stuck.mjs <mode>`: turns under a watchdog with a limit of 100 ms. Reports are printed as lines of JSON, and how long the thread was
 * really held by a turn, and in one that awaits.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { startWatchdog } from '../../dist/index.js';

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
let tell = () => {};
const reported = new Promise((resolve) => {
  tell = resolve;
});
const watchdog = startWatchdog({
  limitMs: 100,
  report: (turn) => {
    say(turn);
    tell();
  },
});
const agent = watchdog.label('default/clerk/a1');
const method = watchdog.label('sum');
const spin = (ms) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};
let heldMs = 0;
const since = (ms) => {
  heldMs = Math.max(heldMs, performance.now() - ms);
  return performance.now();
};

// The watchdog's thread has to be up.
await pause(300);
const modes = {
  stuck() {
    const startedMs = performance.now();
    watchdog.turnStarted(agent, method);
    // Long enough for a line to be written and read meanwhile.
    spin(1500);
    watchdog.turnEnded();
    since(startedMs);
  },
  async await() {
    let lastMs = performance.now();
    const rounds = setInterval(() => {
      lastMs = since(lastMs);
    }, 5);
    watchdog.turnStarted(agent, method);
    await pause(500);
    watchdog.turnEnded();
    since(lastMs);
    clearInterval(rounds);
  },
  async short() {
    for (let turn = 0; turn < 12; turn += 1) {
      const startedMs = performance.now();
      watchdog.turnStarted(agent, method);
      spin(40);
      watchdog.turnEnded();
      since(startedMs);
    }
  },
  outside: () => spin(500),
};
await modes[process.argv[2]]();
say({ heldMs });
// A report comes from another thread, in its own time.
if (process.argv[2] === 'stuck') await Promise.race([reported, pause(10_000)]);
else await pause(200);
await watchdog.close();
process.exit();
