import type { SkepError } from '@skep/kernel';
import type { Colours } from './colours.js';

/** What happened, to which id, and what to do next. */
export function failureText(error: SkepError, colours: Colours): string {
  const lines = [`${colours.red('skep:')} ${error.message} ${colours.dim(`[${error.code}]`)}`];
  if (error.id !== undefined && !error.message.includes(error.id)) lines.push(`  id      ${error.id}`);
  lines.push(`  remedy  ${error.remedy}`);
  return lines.join('\n');
}
