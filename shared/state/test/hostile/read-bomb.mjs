/** Reads packs in a process that has little memory: one JSON line `{bytes: base64, use}` in, one line about it out. */
import { memoryUsage, stdin, stdout } from 'node:process';
import { createInterface } from 'node:readline';
import { unpackTree } from '@skep/state';

for await (const line of createInterface({ input: stdin })) {
  const { bytes, use } = JSON.parse(line);
  let outcome = 'accepted';
  let declared = 0;
  try {
    const tree = unpackTree(Uint8Array.from(Buffer.from(bytes, 'base64')));
    declared = tree.byteLength;
    if (use === 'all') tree.value();
    else tree.get([0, 0, 0, 0, 0]);
  } catch (error) {
    outcome = error.code ?? String(error);
  }
  const { arrayBuffers } = memoryUsage();
  stdout.write(`${JSON.stringify({ outcome, declared, arrayBuffers })}\n`);
}
