/**
 * What an agent is before its first record. That record says it, so that a fold of the records never depends on what the code of the kind
 * says today. Only logs whose first record has format 1 leave it to the code.
 */
import type { AgentRecord } from '@skep/protocol';
import { type Tree, type TreeOptions, treeOf } from '@skep/state';

/** `first`: the agent's first record, if there is one. `today`: what the kind says; asked only where no record does. */
export function originOf(first: AgentRecord | undefined, today: () => Tree, options: TreeOptions): Tree {
  return first?.initial === undefined ? today() : treeOf(first.initial, options);
}

/** The first record of an agent, with the content that it begins with. */
export function withOrigin(record: AgentRecord, tree: Tree): AgentRecord {
  return record.kind === 'step' ? record : { ...record, initial: tree.value() };
}
