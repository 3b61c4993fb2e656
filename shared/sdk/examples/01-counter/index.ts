/**
 * A counter that survives its process.
 *
 * An agent is a plain object with methods that change it. Every change is a version, on the disk before the call returns. Run it twice:
 * the second run goes on where the first one ended.
 */
import { defineAgent, openSkep } from '@skep/sdk';

export const Counter = defineAgent({
  kind: 'counter',
  initial: { count: 0, reasons: [] as string[] },
  // Handlers change the state, one at a time for each agent. What they return is the reply.
  handlers: {
    increment(state, { by, why }: { by: number; why: string }) {
      state.count += by;
      state.reasons.push(why);
      return state.count;
    },
  },
  // Queries only look.
  queries: {
    total: (state) => state.count,
  },
});

export async function main(dir: string, print: (line: string) => void): Promise<void> {
  // Whoever opens a folder holds it until the end of the block; `await using` closes it whatever happens.
  await using skep = await openSkep({ dir, kinds: [Counter] });

  // An agent is there as soon as somebody calls it. Its name may be any text.
  const visits = skep.agent(Counter, 'visits');
  print(`found ${await visits.total()}`);
  print(`counted ${await visits.increment({ by: 1, why: 'somebody came' })}`);
  print(`counted ${await visits.increment({ by: 2, why: 'a couple came' })}`);

  // A call that refuses changes nothing, and says why.
  await visits.call('decrement').catch((error) => print(`${error.code}: ${error.message}`));

  const { version, value } = await visits.state();
  print(`version ${version}: ${value.reasons.join(', ')}`);
}

if (process.argv[1] === import.meta.filename) await main('.skep', console.log);
