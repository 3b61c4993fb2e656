/**
 * The state that a merge compares with: the common one, or the merge of the common ones where agents were merged crosswise. Those stand on
 * merges of older ones, and so on, as many as there are crossings; each is made once, and they are not called recursively.
 */
import { type MergeRule, mergeAncestors, type Tree } from '@skep/state';
import type { AgentVersion } from './agent-merge.js';
import { commonVersions, type PointsOf } from './common-versions.js';

export interface CommonState {
  readonly tree: Tree;
  /** Whether the common states contradict each other somewhere. */
  readonly isUndecided: boolean;
}

export interface CommonStateParts {
  readonly pointsOf: PointsOf;
  readonly treeAt: (agent: AgentVersion['agent'], version: number) => Promise<Tree>;
  readonly rules: readonly MergeRule[] | undefined;
}

type Made = { readonly kind: 'made'; readonly state: CommonState } | { readonly kind: 'missing'; readonly versions: readonly AgentVersion[] };

/** @param versions at least one */
export async function commonState(versions: readonly AgentVersion[], parts: CommonStateParts): Promise<CommonState> {
  const known = new Map<string, CommonState>();
  const open = [versions];
  for (;;) {
    const next = open.at(-1) as readonly AgentVersion[];
    const made = await merged(next, known, parts);
    if (made.kind === 'missing') open.push(made.versions);
    else {
      known.set(nameOf(next), made.state);
      open.pop();
      if (open.length === 0) return made.state;
    }
  }
}

async function merged(versions: readonly AgentVersion[], known: ReadonlyMap<string, CommonState>, parts: CommonStateParts): Promise<Made> {
  const [first, ...others] = versions as [AgentVersion, ...AgentVersion[]];
  const before = [first];
  let tree = await parts.treeAt(first.agent, first.version);
  let isUndecided = false;
  for (const next of others) {
    const older = commonVersions(before, next, parts.pointsOf);
    const base = known.get(nameOf(older));
    if (base === undefined) return { kind: 'missing', versions: older };
    const made = mergeAncestors({ base: base.tree, source: await parts.treeAt(next.agent, next.version), target: tree, rules: parts.rules });
    tree = made.tree;
    isUndecided ||= base.isUndecided || made.isUndecided;
    before.push(next);
  }
  return { kind: 'made', state: { tree, isUndecided } };
}

function nameOf(versions: readonly AgentVersion[]): string {
  return versions.map(({ agent, version }) => `${agent} ${version}`).join();
}
