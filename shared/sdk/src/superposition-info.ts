/** What can be seen of a superposition from outside. */
import type { Activation } from '@skep/actor';
import type { AgentId } from '@skep/kernel';
import type { Level } from '@skep/ports';
import { ownBytes, type Superposition, weightsOf } from '@skep/state';

export interface BranchInfo {
  readonly name: string;
  readonly work: 'under-way' | 'committed';
  /** How likely it is; the weights of all branches add up to 1. */
  readonly weight: number;
  readonly score: number | null;
  /** The newest pieces, oldest first. */
  readonly evidence: readonly { readonly label: string; readonly likelihood: number }[];
  /** What it holds beyond what it shares with the state that the branches began from. */
  readonly bytes: number;
  readonly root: string;
}

export interface SuperpositionInfo {
  readonly agent: AgentId;
  readonly name: string;
  readonly status: 'open' | 'collapsed';
  /** Where the branches began. */
  readonly base: { readonly version: number; readonly root: string };
  /** The agent's version now. */
  readonly version: number;
  readonly graceMs: number;
  /** None after the collapse. */
  readonly branches: readonly BranchInfo[];
  readonly failed: readonly { readonly name: string; readonly reason: string }[];
  readonly collapse: {
    readonly branch: string;
    readonly weight: number;
    readonly score: number | null;
    /** The version that it made. */
    readonly version: number;
    /** In ms since 1970. */
    readonly undoUntilMs: number;
  } | null;
}

/** What became of a change. */
export interface SuperpositionReply {
  readonly name: string;
  /** The agent's version after it. */
  readonly version: number;
  readonly level: Level;
  /** Null once it is over: undone or dropped. */
  readonly superposition: SuperpositionInfo | null;
}

export function superpositionsOf({ agent, ready }: Activation): readonly SuperpositionInfo[] {
  return [...ready.superpositions.values()].map((superposition) => infoOfSuperposition(agent, superposition, ready.version));
}

export function infoOfSuperposition(agent: AgentId, superposition: Superposition, version: number): SuperpositionInfo {
  const { name, base, graceMs, branches, failed, collapse } = superposition;
  const weights = weightsOf(superposition);
  return {
    agent,
    name,
    status: collapse === undefined ? 'open' : 'collapsed',
    base: { version: base.version, root: base.tree.root() },
    version,
    graceMs,
    branches: branches.map((branch, at) => ({
      name: branch.name,
      work: branch.work,
      weight: weights[at] ?? 0,
      score: branch.score ?? null,
      evidence: branch.evidence.map(({ label, logLikelihood }) => ({ label, likelihood: Math.exp(logLikelihood) })),
      bytes: ownBytes(base.tree, branch.tree),
      root: branch.tree.root(),
    })),
    failed: failed.map((branch) => ({ name: branch.name, reason: branch.reason })),
    collapse:
      collapse === undefined
        ? null
        : {
            branch: collapse.branch,
            weight: collapse.weight,
            score: collapse.score ?? null,
            version: collapse.version,
            undoUntilMs: collapse.ms + graceMs,
          },
  };
}
