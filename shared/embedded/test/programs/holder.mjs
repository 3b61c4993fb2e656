/**
 * Holds a folder in a process of its own: `node holder.mjs <dir> <mode>`. Speaks lines of JSON on stdout.
 *   serve   listens and echoes every message
 *   append  appends for ever and prints each acknowledged sequence
 *   try     opens, prints the outcome, ends
 */
import { openFolder } from '../../dist/index.js';

const [dir, mode] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const folder = await openFolder({ dir });
  say({ opened: process.pid });
  if (mode === 'serve') {
    await folder.listen((channel) => channel.onMessage((bytes) => channel.send(bytes)));
    say({ listening: folder.holder.socket });
    setInterval(() => undefined, 1000);
  } else if (mode === 'append') {
    for (let last = 0; ; last += 1) {
      const result = await folder.ports.log.append('main/1/n', new TextEncoder().encode(`entry ${last + 1}`), last);
      say({ acknowledged: result.sequence });
    }
  } else await folder.close();
} catch (error) {
  say({ failed: error.code, message: error.message, remedy: error.remedy });
}
