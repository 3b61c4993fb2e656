/** Tries to open a folder and to write to it, and says what came of it. Arguments: the folder. */
import { openSkep, StateKind } from '../../dist/index.js';

try {
  const skep = await openSkep({ dir: process.argv[2] });
  await skep.agent(StateKind, 'a').update({ changes: [{ set: 'x', value: 2 }] });
  await skep.close();
  process.stdout.write(`${JSON.stringify({ outcome: 'written' })}\n`);
} catch ({ code, message, remedy, id }) {
  process.stdout.write(`${JSON.stringify({ outcome: code, message, remedy, id })}\n`);
}
