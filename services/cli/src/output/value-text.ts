import { type Change, formatPath, toJson, type Value } from '@skep/kernel';
import type { MergeConflict } from '@skep/sdk';
import type { Colours } from './colours.js';

const SHORT_CHARACTERS_MAX = 120;

/** JSON over several lines. */
export function longText(value: Value): string {
  return JSON.stringify(JSON.parse(toJson(value)), undefined, 2);
}

/** JSON on one line, its end cut off when it is long. */
export function shortText(value: Value, charactersMax: number = SHORT_CHARACTERS_MAX): string {
  const text = toJson(value);
  return text.length <= charactersMax ? text : `${text.slice(0, charactersMax).toWellFormed()}... (${text.length} characters)`;
}

/** `+` came, `~` changed, `-` went. */
export function changeText(change: Change, colours: Colours): string {
  const path = placeText(change.path);
  switch (change.kind) {
    case 'create':
      return colours.green(`+ ${path} = ${shortText(change.new)}`);
    case 'update':
      return colours.yellow(`~ ${path}: ${shortText(change.old)} -> ${shortText(change.new)}`);
    case 'delete':
      return colours.red(`- ${path} (was ${shortText(change.old)})`);
  }
}

/** `!` and what each side has. */
export function conflictText({ path, base, ours, theirs }: MergeConflict, colours: Colours): string {
  const side = (value: Value | undefined) => (value === undefined ? 'nothing' : shortText(value));
  return colours.red(`! ${placeText(path)}: ours ${side(ours)}, theirs ${side(theirs)}, before ${side(base)}`);
}

function placeText(path: Change['path']): string {
  return path.length === 0 ? '(the whole state)' : formatPath(path).replace(/^\./, '');
}
