/** The work that the demo follows: steps of a trajectory as plain texts. */
import type { Value } from '@skep/kernel';
import { isObject, type Step } from '../../replay/step.js';
import { readTrajectoryFile } from '../../replay/trajectory-file.js';
import { SMALL_WORK } from './small-work.js';
import type { SeenLine } from './strategies.js';

export interface WorkStep {
  readonly thought: string;
  readonly action: string;
  readonly observation: string;
}

export interface Work {
  readonly name: string;
  readonly steps: readonly WorkStep[];
}

/** Longer lines are cut: nobody remembers them. */
const LINE_CHARACTERS_MAX = 160;

/** @throws SkepError `malformed`, `payload-too-large` that names the file */
export function workOf(file: string | undefined): Work {
  if (file === undefined) return { name: 'small-repair', steps: SMALL_WORK };
  const { name, steps } = readTrajectoryFile(file);
  return { name, steps: steps.map(textsOf) };
}

export function linesOf({ thought, action, observation }: WorkStep, step: number): readonly SeenLine[] {
  const texts = { thought, action, observation };
  return (['thought', 'action', 'observation'] as const).flatMap((from) =>
    texts[from]
      .split('\n')
      .map((line) => line.trim().slice(0, LINE_CHARACTERS_MAX).toWellFormed())
      .filter((text) => text !== '')
      .map((text) => ({ text, from, step })),
  );
}

function textsOf({ thought, action, observation, messages }: Step): WorkStep {
  const said = messages.map((message) => textOf(isObject(message) ? (message.content ?? null) : null)).join('\n');
  return { thought: textOf(thought), action: textOf(action), observation: textOf(observation) || said };
}

function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  return value === null ? '' : JSON.stringify(value);
}
