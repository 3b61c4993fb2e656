/** The mistakes that a model of the protocol caught (one rule replaced each), and the world in which each shows. */
import { RULES, type Rules } from '@skep/lane';
import { type Budget, NOTHING } from './budget.js';
import { MESSAGE_RULES, type MessageRules } from './messages.js';

export interface Mistake {
  readonly name: string;
  readonly rule: string;
  readonly rules: Rules;
  /** Left out: the nodes do right by messages. */
  readonly messages?: MessageRules;
  readonly budget: Budget;
}

const mistake = (name: string, rule: string, rules: Partial<Rules>, budget: Partial<Budget>): Mistake => ({
  name,
  rule,
  rules: { ...RULES, ...rules },
  budget: { ...NOTHING, ...budget },
});

const ofMessages = (name: string, rule: string, messages: Partial<MessageRules>, budget: Partial<Budget>): Mistake => ({
  name,
  rule,
  rules: RULES,
  messages: { ...MESSAGE_RULES, ...messages },
  budget: { ...NOTHING, begin: 'held', agents: 2, ...budget },
});

export const MISTAKES: readonly Mistake[] = [
  mistake(
    'owning by reading the directory',
    'L3',
    { ownsByReading: (entry, lane) => entry.owner === lane },
    { writes: 2, claims: 3, frees: 1, staleReads: 1, timeouts: 1 },
  ),
  mistake('answering a read from memory', 'L7', { readAppends: () => false }, { writes: 1, reads: 1, claims: 2, seals: 1 }),
  mistake('claiming from a lane that is not sealed', 'L4', { mayClaim: () => true }, { writes: 2, claims: 2 }),
  mistake('freeing before the last acknowledgement', 'L4', { mayFree: () => true }, { writes: 2, claims: 2, frees: 1 }),
  mistake(
    'a claim that forgets earlier lanes',
    'L5',
    { extendTrail: (_, closed) => [closed] },
    { nodes: 1, writes: 1, claims: 3, frees: 2, timeouts: 2 },
  ),
  mistake(
    'a trail of lanes instead of ranges',
    'L5',
    { extendTrail: (trail, closed) => [...trail, { ...closed, from: 1, upTo: closed.upTo }] },
    { nodes: 1, writes: 2, claims: 3, frees: 2, timeouts: 2 },
  ),
  mistake(
    'believing a read after an unknown free',
    'L3',
    { holdsAfterUnknownFree: (entry, lane) => entry.owner === lane },
    { writes: 2, claims: 2, frees: 1, timeouts: 1 },
  ),
  mistake(
    'a recomposed batch taken for the first one',
    'L8',
    {
      resendsSameBytes: () => false,
      settle: (inDoubt, last) => {
        const decided = RULES.settle(inDoubt, last);
        return decided === 'corrupt' && last?.batch.number === inDoubt.number ? 'committed' : decided;
      },
    },
    { nodes: 2, writes: 2, claims: 2, timeouts: 1, seals: 1 },
  ),
  mistake('trimming a seal away', 'L10', { keepsLast: () => false }, { writes: 2, claims: 2, seals: 1, settles: 1, trims: 1 }),
  mistake(
    "trimming by somebody else's entry",
    'L10',
    { unneededByReading: (entry, lane) => entry.owner !== lane },
    { writes: 2, claims: 2, seals: 1, settles: 1, trims: 1 },
  ),
  mistake(
    'a claim that counts on a batch in flight',
    'L5',
    { firstBatch: (acknowledged, inFlight) => (inFlight ?? acknowledged) + 1 },
    { writes: 1, traffic: 1, claims: 1, refusals: 1 },
  ),
  mistake('giving up a batch whose time is over', 'L8', { endsInDoubt: () => false }, { nodes: 1, writes: 1, claims: 2, expiries: 1 }),
  mistake('giving up a batch in doubt', 'L8', { givesUp: () => true }, { nodes: 1, writes: 1, claims: 2, timeouts: 1, refusals: 1 }),
  ofMessages('a message that leaves before its record is acknowledged', 'L6', { postsWhenReleased: false }, { sends: 1, claims: 1, seals: 1 }),
  ofMessages('a message acknowledged before its record is', 'L6', { acknowledgesWhenReleased: false }, { sends: 1, claims: 1, seals: 1 }),
  ofMessages('a message taken again', 'G4', { takes: (sequence, cursor) => sequence <= cursor + 1 }, { sends: 1 }),
  ofMessages('a message taken before the one before it', 'O6', { takes: (sequence, cursor) => sequence > cursor }, { sends: 2 }),
];
