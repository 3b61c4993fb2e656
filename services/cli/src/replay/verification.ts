/**
 * Whether what was acknowledged is there: judged by what the parent saw, not by what the Skep says of itself.
 *
 * An acknowledged step is there when the agent's log holds an event at its version that was caused by its operation, and when the state at
 * the newest acknowledged version is the one that the parent grew by itself.
 */
import { isSkepError } from '@skep/kernel';
import type { AgentEvent } from '@skep/protocol';
import type { Client } from '@skep/sdk';
import { treeOf } from '@skep/state';
import type { AgentWork } from './work.js';

/** Versions asked for at once: each answer is folded from the snapshot before it, so few large ones are cheaper than many small ones. */
const PAGE_VERSIONS = 1_000;
/** A version may have several events; none of them may be left out. */
const EVENTS_MAX = 1_000_000;

/** How many acknowledged steps are missing, of all agents. */
export async function lostOf(client: Client, works: readonly AgentWork[]): Promise<number> {
  const counts = await Promise.all(works.map((work) => lostOfOne(client, work)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function lostOfOne(client: Client, work: AgentWork): Promise<number> {
  if (work.acknowledged === 0) return 0;
  const causes = new Map((await readHistory(client, work.agent, work.acknowledged)).map(({ version, causationId }) => [version, causationId]));
  let missing = 0;
  for (let at = 0; at < work.acknowledged; at += 1) if (causes.get(at + 1) !== work.operation(at)) missing += 1;
  if (missing > 0) return missing;
  const { value } = await client.at(work.agent, work.acknowledged);
  // Not the root that it was told with: that may be one under an address key.
  return treeOf(value).root() === work.root() ? 0 : work.acknowledged;
}

/** All events up to a version, page by page, since an answer has a largest size. */
export async function readHistory(client: Client, agent: AgentWork['agent'], to: number): Promise<readonly AgentEvent[]> {
  const events: AgentEvent[] = [];
  let page = PAGE_VERSIONS;
  for (let from = 1; from <= to; ) {
    try {
      const last = Math.min(to, from + page - 1);
      events.push(...(await client.history(agent, { from, to: last, limit: EVENTS_MAX })));
      from = last + 1;
    } catch (error) {
      // Steps with long observations: fewer of them fit into one answer.
      if (!isSkepError(error, 'payload-too-large') || page === 1) throw error;
      page = Math.ceil(page / 4);
    }
  }
  return events;
}
