/** A handler that holds the thread for 600 ms, beside one that merely awaits. Arguments: the folder. */
import { defineAgent, openSkep } from '../../dist/index.js';

const Thinker = defineAgent({
  kind: 'thinker',
  initial: { thoughts: 0 },
  handlers: {
    ponder(state, ms) {
      const untilMs = performance.now() + ms;
      while (performance.now() < untilMs);
      state.thoughts += 1;
      return state.thoughts;
    },
    async rest(state, ms) {
      await new Promise((resolve) => setTimeout(resolve, ms));
      state.thoughts += 1;
      return state.thoughts;
    },
  },
});

const skep = await openSkep({ dir: process.argv[2], kinds: [Thinker], limits: { blockedThreadMs: 150 } });
await skep.agent(Thinker, 'patient').rest(500);
const thoughts = await skep.agent(Thinker, 'stubborn one').ponder(600);
await skep.agent(Thinker, 'patient').ponder(1);
await skep.close();
process.stdout.write(`${JSON.stringify({ thoughts })}\n`);
