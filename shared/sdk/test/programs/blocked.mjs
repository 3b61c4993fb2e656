/**
 * A handler that holds the thread for 600 ms, beside one that merely awaits. Arguments: the folder. Says how long the thread was held
 * otherwise: for what a busy machine did to the others nobody is blamed.
 */
import { defineAgent, openSkep } from '../../dist/index.js';

const SHORT_MS = 1;
let otherwiseMs = 0;
const heldSince = (ms) => {
  otherwiseMs = Math.max(otherwiseMs, performance.now() - ms);
  return performance.now();
};

const Thinker = defineAgent({
  kind: 'thinker',
  initial: { thoughts: 0 },
  handlers: {
    ponder(state, ms) {
      const startedMs = performance.now();
      while (performance.now() < startedMs + ms);
      if (ms === SHORT_MS) heldSince(startedMs);
      state.thoughts += 1;
      return state.thoughts;
    },
    async rest(state, ms) {
      let lastMs = performance.now();
      const rounds = setInterval(() => {
        lastMs = heldSince(lastMs);
      }, 5);
      await new Promise((resolve) => setTimeout(resolve, ms));
      heldSince(lastMs);
      clearInterval(rounds);
      state.thoughts += 1;
      return state.thoughts;
    },
  },
});

const skep = await openSkep({ dir: process.argv[2], kinds: [Thinker], limits: { blockedThreadMs: 150 } });
await skep.agent(Thinker, 'patient').rest(500);
const thoughts = await skep.agent(Thinker, 'stubborn one').ponder(600);
await skep.agent(Thinker, 'patient').ponder(SHORT_MS);
await skep.close();
process.stdout.write(`${JSON.stringify({ thoughts, otherwiseMs })}\n`);
