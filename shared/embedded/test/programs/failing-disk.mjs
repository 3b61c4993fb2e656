/** Appends until the system refuses a write that SQLite cannot name (a file-size limit set by the shell), then says what callers saw. */
import { openFolder } from '../../dist/index.js';

const folder = await openFolder({ dir: process.argv[2] });
const { log } = folder.ports;
const seen = [];
for (let last = 0; seen.length < 2; ) {
  try {
    await log.append('main/1/n', new Uint8Array(100_000).fill(last), last);
    last += 1;
  } catch (error) {
    seen.push(error.code);
  }
}
process.stdout.write(`${JSON.stringify({ seen })}\n`);
process.exit(0);
