/** When places of an agent's state were written last, as its events say. */
import type { HybridClock, Path } from '@skep/kernel';
import type { AgentEvent } from '@skep/protocol';
import { addressable, type Tree } from '@skep/state';
import { Trace } from '../blame.js';

/** @param events since the state that the agent is compared with, the oldest first; of what none of them wrote nobody knows the time */
export function writtenAt(events: readonly AgentEvent[], tree: Tree): (path: Path) => HybridClock | undefined {
  const newestFirst = events.toReversed();
  return (path) => {
    const trace = new Trace(addressable(tree, path));
    const event = newestFirst.find((each) => trace.goBack(each) === 'written');
    return event === undefined ? undefined : { ms: event.timeMs, counter: 0 };
  };
}
