/** The states that the superpositions of an agent hold in memory beside its own. */
import type { BesideState } from '../memory/agent-versions.js';
import type { Superpositions } from './step.js';

/** What branches came from and what a collapse can be undone to are compared with the agent's newest version, branches with what they came from. */
export function heldStates(superpositions: Superpositions): readonly BesideState[] {
  return [...superpositions.values()].flatMap(({ base, branches, collapse }) => [
    { tree: base.tree, from: undefined },
    ...branches.map(({ tree }) => ({ tree, from: base.tree })),
    ...(collapse === undefined ? [] : [{ tree: collapse.previous, from: undefined }]),
  ]);
}
