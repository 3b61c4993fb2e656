/** What a run of the explorer found, as rows, tables and counterexamples. */
import { RULES, type Rules } from '@skep/lane';
import type { Budget, NamedWorld } from './budget.js';
import type { MessageRules } from './messages.js';
import type { Mistake } from './mistakes.js';
import { replay, type SearchResult } from './search.js';

export interface WorldRow {
  readonly world: string;
  readonly states: number;
  /** Whether every order of events was walked. */
  readonly complete: 'yes' | 'no';
  /** Steps of random walks to the world's end, where it was not. */
  readonly randomSteps: number;
  readonly depth: number;
  readonly seconds: number;
  readonly seen: string | null;
}

export interface MistakeRow {
  readonly rule: string;
  readonly mistake: string;
  readonly states: number;
  /** What was seen; null when the mistake was not noticed. */
  readonly seen: string | null;
}

export function worldRow({ name }: NamedWorld, result: SearchResult, ms: number): WorldRow {
  const { states, depth } = result;
  const seen = result.kind === 'violation' ? result.message : null;
  return {
    world: name,
    states,
    complete: result.kind === 'clean' ? result.complete : 'no',
    randomSteps: 0,
    depth,
    seconds: Math.round(ms / 100) / 10,
    seen,
  };
}

export function mistakeRow({ name, rule }: Mistake, result: SearchResult): MistakeRow {
  return { rule, mistake: name, states: result.states, seen: result.kind === 'violation' ? result.message : null };
}

export function worldsTable(rows: readonly WorldRow[]): string {
  const cells = rows.map(({ world, states, complete, randomSteps, depth, seconds, seen }) => [
    world,
    numberText(states),
    seen === null ? (complete === 'yes' ? 'complete' : 'cut') : 'VIOLATION',
    String(depth),
    seconds.toFixed(1),
    randomSteps === 0 ? '' : numberText(randomSteps),
  ]);
  const header = ['world', 'states', 'walk', 'depth', 'seconds', 'random steps'];
  return table(header, cells, ['left', 'right', 'left', 'right', 'right', 'right']);
}

export function mistakesTable(rows: readonly MistakeRow[]): string {
  const cells = rows.map(({ rule, mistake, states, seen }) => [rule, mistake, numberText(states), seen ?? 'NOT NOTICED']);
  return table(['rule', 'planted mistake', 'states', 'what was seen'], cells, ['left', 'left', 'right', 'left']);
}

export interface Counterexample {
  readonly world: string;
  readonly budget: Budget;
  readonly rules: Rules;
  readonly messages?: MessageRules;
  readonly path: readonly number[];
}

/** The numbered steps to a violation, what was seen, and the command that walks them again. */
export function counterexampleText({ world, budget, rules, messages, path }: Counterexample): string {
  const { steps, seen } = replay({ budget, rules, path, ...(messages === undefined ? {} : { messages }) });
  const numbered = steps.map((step, index) => `  ${String(index + 1).padStart(3)}  ${step}`);
  const which = rules === RULES && messages === undefined ? '--world' : '--mistake';
  const command = `npm run explore -- ${which} ${JSON.stringify(world)} --steps ${path.join(',')}`;
  return [...numbered, `  seen: ${seen ?? 'nothing that may not be seen'}`, `  again: ${command}`].join('\n');
}

export function numberText(value: number): string {
  return value.toLocaleString('en-US');
}

function table(header: readonly string[], rows: readonly (readonly string[])[], sides: readonly ('left' | 'right')[]): string {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (sides[column] === 'right' ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number)))
      .join('  ')
      .trimEnd();
  return [line(header), ...rows.map(line)].join('\n');
}
