/** Commands on superpositions as callers hand them in, checked once (G13). What the numbers and names in them mean is checked where they are used. */
import { checkName, SkepError } from '@skep/kernel';
import type { SuperpositionCommand } from '@skep/state';
import { checkObject } from './client-input.js';

const KINDS = ['create', 'add', 'change', 'commit', 'evidence', 'score', 'fail', 'collapse', 'undo', 'drop'];
const CHOICES = ['weight', 'score', 'first'];

/** @throws SkepError `invalid-input`, `invalid-id` */
export function checkSuperpositionCommand(command: unknown): asserts command is SuperpositionCommand {
  checkObject('the command', command);
  const given = command as Readonly<Record<string, unknown>>;
  const { kind, name, branch, branches, by, merge } = given;
  if (!KINDS.some((each) => each === kind)) throw refused('the kind of the command', `one of ${KINDS.join(', ')}`);
  checkName('superposition', name);
  switch (kind) {
    case 'create':
      if (!Array.isArray(branches)) throw refused('branches', 'a list');
      for (const each of branches) checkBranch(each);
      return;
    case 'add':
      return checkBranch(branch);
    case 'change':
      checkContent(given);
      return checkName('branch', branch);
    case 'commit':
    case 'fail':
      return checkName('branch', branch);
    case 'collapse':
      if (merge !== undefined && merge !== 'conflict-free') throw refused('merge', 'conflict-free, or left out');
      if (CHOICES.some((each) => each === by)) return;
      if (typeof by !== 'object' || by === null) throw refused('by', 'weight, score, first or { branch }');
      return checkName('branch', (by as { branch?: unknown }).branch);
  }
}

function checkBranch(branch: unknown): void {
  checkObject('a branch', branch);
  checkName('branch', (branch as { name?: unknown }).name);
  checkContent(branch as Readonly<Record<string, unknown>>);
}

function checkContent({ edits, tree }: Readonly<Record<string, unknown>>): void {
  if (tree !== undefined) throw refused('the content of a branch', 'a state or edits');
  if (edits === undefined) return;
  if (!Array.isArray(edits)) throw refused('edits', 'a list');
  for (const edit of edits) checkEdit(edit);
}

function checkEdit(edit: unknown): void {
  checkObject('an edit', edit);
  const { kind, path, new: value } = edit as { kind?: unknown; path?: unknown; new?: unknown };
  const isPath = Array.isArray(path) && path.every((step) => typeof step === 'string' || typeof step === 'number');
  if (!isPath) throw refused('the path of an edit', 'a list of keys and indexes');
  if (kind !== 'create' && kind !== 'update' && kind !== 'delete') throw refused('the kind of an edit', 'create, update or delete');
  if (kind !== 'delete' && value === undefined) throw refused('the new value of an edit', 'given');
}

function refused(what: string, asked: string): SkepError {
  return new SkepError('invalid-input', { message: `${what} must be ${asked}`, remedy: 'Correct the arguments of the call.' });
}
