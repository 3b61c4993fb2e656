/** Feeds the steps of many agents at once: agents concurrently, each agent's steps in order, several on their way. */
import type { Client } from '@skep/sdk';
import type { AgentWork } from './work.js';

/** Steps of one agent that are on their way at once. */
export const PIPELINE_MAX = 4;

export interface Feeding {
  readonly client: Client;
  readonly works: readonly AgentWork[];
  /** How many steps of a work shall be acknowledged at the end. */
  readonly upTo: (work: AgentWork) => number;
  readonly acknowledged: () => void;
  /** Steps of one agent on their way at once; `PIPELINE_MAX` by default. */
  readonly pipeline?: number;
}

/** Resolves when all that is asked for was acknowledged; rejects with the first refusal, after everything sent was settled. */
export async function feed(feeding: Feeding): Promise<void> {
  const outcomes = await Promise.allSettled(feeding.works.map((work) => feedOne(work, feeding)));
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}

async function feedOne(work: AgentWork, { client, upTo, acknowledged, pipeline = PIPELINE_MAX }: Feeding): Promise<void> {
  const end = upTo(work);
  const sent: Promise<void>[] = [];
  for (let at = work.acknowledged; at < end; at += 1) {
    const sending = work.send(client, at).then(acknowledged);
    // Each is awaited below, in order; until then a refusal must not count as unhandled.
    sending.catch(() => undefined);
    sent.push(sending);
    if (sent.length >= pipeline) await sent.shift();
  }
  const outcomes = await Promise.allSettled(sent);
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
}
