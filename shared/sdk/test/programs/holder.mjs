/** Holds a folder, says so, and lives until it is killed. Arguments: the folder, the address key of the tenant `default` if it has one. */
import { defineAgent, openSkep } from '../../dist/index.js';

const Slow = defineAgent({
  kind: 'slow',
  initial: { done: 0 },
  turnDeadlineMs: 600_000,
  handlers: {
    add(state, by) {
      state.done += by;
      return state.done;
    },
    async never() {
      await new Promise(() => {});
    },
  },
});

try {
  const [, , dir, key] = process.argv;
  const addressKeys = key === undefined ? {} : { default: Buffer.from(key, 'hex') };
  const skep = await openSkep({ dir, kinds: [Slow], addressKeys });
  const { pid } = await skep.client.status();
  process.stdout.write(`${JSON.stringify({ holds: pid })}\n`);
  // Nothing else keeps the process alive; whoever started it may be gone.
  setTimeout(() => process.exit(1), 120_000);
} catch (error) {
  process.stdout.write(`${JSON.stringify({ failed: error.code, message: error.message, remedy: error.remedy })}\n`);
}
