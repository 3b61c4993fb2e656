import type { AgentId, SkepError } from '@skep/kernel';
import type { Activation } from './activation.js';
import type { Message } from './message.js';

/**
 * Takes back what agents whose records were given up had sent to another one or asked of it: it is not in the log, and when those agents
 * act again they may decide otherwise. What such a message led to is undone with it:
 * a turn that wrote nothing is ended here, one that wrote has lapsed itself, since its records lie behind those of its cause.
 */
export function withdraw(activation: Activation, lapsed: ReadonlySet<AgentId>, error: SkepError): void {
  for (const message of activation.mailbox.take((each) => restsOn(each, lapsed))) if (message.kind === 'call') message.caller.reject(error);
  for (const agent of lapsed) {
    activation.enqueued.delete(agent);
    activation.taken.delete(agent);
    activation.starved.delete(agent);
  }
  const { turn } = activation;
  if (turn === undefined || turn.usedJournal?.durable === true || !restsOn(turn.message, lapsed)) return;
  turn.draft.discard();
  turn.abort(error);
  activation.turn = undefined;
  if (turn.message.kind === 'call') turn.message.caller.reject(error);
}

function restsOn(message: Message, lapsed: ReadonlySet<AgentId>): boolean {
  if (message.kind === 'delivery') return lapsed.has(message.from);
  if (message.kind !== 'call') return false;
  const asker = message.chain[message.chain.length - 1];
  return asker !== undefined && lapsed.has(asker);
}
