/** `node stuck.mjs <mode>`: turns under a watchdog with a limit of 100 ms. Reports are printed as lines of JSON. */
import { setTimeout as pause } from 'node:timers/promises';
import { startWatchdog } from '../../dist/index.js';

const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const watchdog = startWatchdog({ limitMs: 100, report: say });
const agent = watchdog.label('default/clerk/a1');
const method = watchdog.label('sum');
const spin = (ms) => {
  for (const end = performance.now() + ms; performance.now() < end; );
};

// The watchdog's thread has to be up.
await pause(300);
const modes = {
  stuck() {
    watchdog.turnStarted(agent, method);
    spin(500);
    watchdog.turnEnded();
  },
  async await() {
    watchdog.turnStarted(agent, method);
    await pause(500);
    watchdog.turnEnded();
  },
  async short() {
    for (let turn = 0; turn < 12; turn += 1) {
      watchdog.turnStarted(agent, method);
      spin(40);
      watchdog.turnEnded();
    }
  },
  outside: () => spin(500),
};
await modes[process.argv[2]]();
say({ freeAt: performance.now() });
await pause(200);
await watchdog.close();
