/** Which event wrote what is at a path now. */
import type { Change, Path } from '@skep/kernel';
import type { AgentEvent } from '@skep/protocol';

/**
 * The event that wrote it, or took it away; null if it is there since the agent began, or never was. Items of lists are followed back to where
 * they stood before others were inserted or removed in front of them.
 */
export async function blamedEvent(newestFirst: AsyncIterable<AgentEvent>, path: Path): Promise<AgentEvent | null> {
  const trace = new Trace(path);
  for await (const event of newestFirst) if (trace.goBack(event) === 'written') return event;
  return null;
}

/** Goes back through events, the newest first, after one place. */
export class Trace {
  constructor(private path: Path) {}

  goBack({ changes }: AgentEvent): 'written' | 'untouched' {
    for (const change of changes.toReversed()) {
      const before = placeBefore(this.path, change);
      if (before === undefined) return 'written';
      this.path = before;
    }
    return 'untouched';
  }
}

/** Where it was before the change; undefined if the change wrote it, or something in it. */
function placeBefore(path: Path, change: Change): Path | undefined {
  const last = change.path.length - 1;
  if (!change.path.every((step, at) => at >= path.length || at === last || step === path[at])) return path;
  // From here on it differs in the last step of the change at most.
  const [index, changed] = [path[last], change.path[last]];
  if (index === undefined) return undefined;
  if (typeof index !== 'number' || typeof changed !== 'number' || change.kind === 'update') return index === changed ? undefined : path;
  if (change.kind === 'delete') return changed <= index ? path.with(last, index + 1) : path;
  return changed === index ? undefined : changed < index ? path.with(last, index - 1) : path;
}
