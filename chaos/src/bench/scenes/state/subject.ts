/**
 * The states that are measured, and how they are changed as handlers change them: through a draft, field after field.
 *
 *   S   2.4 KB: the agent of the other scenes, 50 memories of two fields
 *   L   100 KB: the same agent after a conversation of 200 messages
 *   X   10,000 keys: an agent that knows one fact a key
 */
import { draftOf, type Edit, type Tree, treeOf } from '@skep/state';
import { type AgentState, initialState } from '../../swarm.js';

export type StateName = 'S' | 'L' | 'X';

export interface Subject<State = unknown> {
  readonly name: StateName;
  readonly tree: Tree;
  /** Fields that `set` and `edit` know, each of another part of the state. */
  readonly fields: number;
  set(state: State, field: number, to: number): void;
  edit(field: number, to: number): Edit;
  /** Appends to the list of the state; absent where there is none. */
  push?(state: State, to: number): void;
  readonly path: readonly (string | number)[];
}

const MEMORIES = 50;
const MESSAGES = 200;
const MESSAGE_WORDS = 92;
export const FACTS = 10_000;

interface LongState extends AgentState {
  readonly messages: { role: string; text: string; tokens: number }[];
}

interface WideState {
  readonly facts: { [name: string]: string };
}

/** The number is written with four digits, so that all are of one length. */
export function smallState(number: number): AgentState {
  return initialState(`agent-${String(number).padStart(4, '0')}`);
}

function longState(): LongState {
  const words = (of: number) => Array.from({ length: MESSAGE_WORDS }, (_, at) => `w${(of * 31 + at * 17) % 997}`).join(' ');
  const message = (at: number) => ({ role: at % 2 === 0 ? 'user' : 'assistant', text: words(at), tokens: MESSAGE_WORDS });
  return { ...smallState(0), messages: Array.from({ length: MESSAGES }, (_, at) => message(at)) };
}

function wideState(): WideState {
  return { facts: Object.fromEntries(Array.from({ length: FACTS }, (_, at) => [factName(at), factText(at, 0)])) };
}

const FACT_NAMES = Array.from({ length: FACTS }, (_, at) => `fact ${at}`);
const factName = (at: number) => FACT_NAMES[at] as string;
const factText = (at: number, to: number) => `what is known of ${at}, as of step ${to}`;

/** Scores are no whole numbers, as the scores of agents are. */
const scoreOf = (to: number) => to + 0.5;
/** Never what was there before. */
const tokensOf = (to: number) => MESSAGE_WORDS + 1 + to;

const small: Subject<AgentState> = {
  name: 'S',
  tree: treeOf(smallState(0)),
  fields: MEMORIES,
  set(state, field, to) {
    const memory = state.memory[field];
    if (memory !== undefined) (memory as { score: number }).score = scoreOf(to);
  },
  edit: (field, to) => ({ kind: 'update', path: ['memory', field, 'score'], new: scoreOf(to) }),
  push: (state, to) => void state.memory.push({ text: `note ${to} of agent-0000`, score: 0.5 }),
  path: ['memory', 20, 'score'],
};

const long: Subject<LongState> = {
  name: 'L',
  tree: treeOf(longState()),
  fields: MESSAGES,
  set(state, field, to) {
    const message = state.messages[field];
    if (message !== undefined) message.tokens = tokensOf(to);
  },
  edit: (field, to) => ({ kind: 'update', path: ['messages', field, 'tokens'], new: tokensOf(to) }),
  push: (state, to) => void state.messages.push({ role: 'user', text: `what of step ${to}?`, tokens: 5 }),
  path: ['messages', 120, 'tokens'],
};

const wide: Subject<WideState> = {
  name: 'X',
  tree: treeOf(wideState()),
  fields: FACTS,
  set(state, field, to) {
    state.facts[factName(field)] = factText(field, to);
  },
  edit: (field, to) => ({ kind: 'update', path: ['facts', factName(field)], new: factText(field, to) }),
  path: ['facts', factName(1234)],
};

export const SUBJECTS: readonly Subject[] = [small, long, wide];

/** A step that no number of fields is a multiple of, so that fields changed together are no neighbours. */
const STRIDE = 37;

export interface Writing {
  readonly count: number;
  /** Which fields: those of two writings that begin half of the fields apart do not meet. */
  readonly from: number;
  readonly to: number;
}

/** The tree after so many fields were changed, as a turn changes them. */
export function written(tree: Tree, { fields, set }: Subject, { count, from, to }: Writing): Tree {
  const draft = draftOf(tree);
  const { state } = draft;
  for (let at = 0; at < count; at += 1) set(state, (from + at * STRIDE) % fields, to);
  return draft.finish().tree;
}
