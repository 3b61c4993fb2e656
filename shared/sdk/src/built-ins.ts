/** The kinds that every swarm has. */
import type { AnyKind } from '@skep/actor';
import { SkepError } from '@skep/kernel';
import { StateKind } from './state-kind.js';

/** @throws SkepError `invalid-input` for two kinds of one name */
export function withBuiltIns(kinds: readonly AnyKind[]): readonly AnyKind[] {
  const names = new Set<string>();
  for (const { kind } of kinds) {
    if (names.has(kind)) throw new SkepError('invalid-input', { message: `two kinds are named ${kind}`, id: kind, remedy: 'Rename one of them.' });
    names.add(kind);
  }
  return names.has(StateKind.kind) ? kinds : [...kinds, StateKind];
}
