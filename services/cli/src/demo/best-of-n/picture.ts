/** The branches as bars, their weights beside them. */
import type { Colours } from '../../output/colours.js';
import { barText, percentText } from '../../output/weight-text.js';
import type { BranchesFrame } from './best-of-n.js';

const ACTION_CHARACTERS_MAX = 56;

export function frameLines({ work, step, steps, action, branches }: BranchesFrame, colours: Colours): readonly string[] {
  const weights = branches.map(({ weight }) => weight);
  // Of equals the first would be kept.
  const likely = weights.indexOf(Math.max(...weights));
  const width = Math.max(...branches.map(({ name }) => name.length));
  const [first = ''] = action.trim().split('\n');
  return [
    `${colours.bold(`best of ${branches.length}`)}: ${work}, step ${step} of ${steps}`,
    colours.dim(first === '' ? 'nothing was done' : first.slice(0, ACTION_CHARACTERS_MAX).toWellFormed()),
    ...branches.map(({ name, weight }, at) => {
      const line = `${name.padEnd(width)}  ${barText(weight)} ${percentText(weight).padStart(7)}`;
      return at === likely ? colours.green(`> ${line}`) : `  ${line}`;
    }),
  ];
}
