/**
 * A strong read: what is told of an agent is acknowledged, and as new as the moment when the read began (G3, L7).
 *
 * S1 What a full log refused was never there: whoever saw it looks again, at what the log holds. So reads go on where writes cannot.
 */
import { type AgentId, isSkepError } from '@skep/kernel';
import type { Ticket } from '@skep/lane';
import type { Activation } from './activation.js';
import type { Look } from './reader.js';

export interface ReadAccess {
  /** Waits for its place in the agent's mailbox. */
  reading(agent: AgentId): Promise<Activation | undefined>;
  /** The agent as it is now or, while it comes to life, before its first turn: whoever waits in the mailbox is not waited for. */
  ahead<Seen>(agent: AgentId, look: Look<Seen>): Promise<Seen>;
  /** @throws SkepError `disk-full` when what was seen, or the read's own entry, found no room */
  barrier(ticket: Ticket): Promise<void>;
}

/** Each look after the first comes ahead of the turns that wait, so more than two are rare. */
const LOOKS_MAX = 8;

export async function strongRead<Seen>(access: ReadAccess, agent: AgentId, look: Look<Seen>): Promise<Seen> {
  const once = async (found: Activation | undefined): Promise<Seen> => {
    const ticket = found?.lastTicket ?? 0;
    const seen = await look(found);
    await access.barrier(ticket);
    return seen;
  };
  for (let looks = 1; ; looks += 1) {
    try {
      return looks === 1 ? await once(await access.reading(agent)) : await access.ahead(agent, once);
    } catch (error) {
      if (looks === LOOKS_MAX || !isSkepError(error, 'disk-full')) throw error;
    }
  }
}
