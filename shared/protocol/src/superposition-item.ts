/**
 * What a record says of the superpositions of its agent: `[kind, name of the superposition, ...]`. Contents of branches are edits: of the
 * state that the agent had (`created`, `added`), or of what the branch was (`changed`). Weights are logarithms, written as they were
 * computed, so that no fold computes them again.
 */
import type { Value } from '@skep/kernel';
import type { RecordEdit } from './record.js';
import { editFields, foreign, list, listOf, number, readEdit, text, whole } from './record-fields.js';

export interface BranchItem {
  readonly name: string;
  readonly work: 'under-way' | 'committed';
  readonly logWeight: number;
  readonly content: readonly RecordEdit[];
}

export type SuperpositionItem =
  | { readonly kind: 'created'; readonly name: string; readonly graceMs: number; readonly branches: readonly BranchItem[] }
  | { readonly kind: 'added'; readonly name: string; readonly seed: BranchItem }
  | { readonly kind: 'changed'; readonly name: string; readonly branch: string; readonly content: readonly RecordEdit[] }
  | { readonly kind: 'committed'; readonly name: string; readonly branch: string }
  | {
      readonly kind: 'weighed';
      readonly name: string;
      readonly label: string;
      readonly logLikelihoods: readonly (readonly [branch: string, logLikelihood: number])[];
    }
  | { readonly kind: 'scored'; readonly name: string; readonly branch: string; readonly score: number }
  | { readonly kind: 'failed'; readonly name: string; readonly branch: string; readonly reason: string }
  | { readonly kind: 'collapsed'; readonly name: string; readonly branch: string; readonly weight: number }
  | { readonly kind: 'ended'; readonly name: string };

const KINDS = ['created', 'added', 'changed', 'committed', 'weighed', 'scored', 'failed', 'collapsed', 'ended'] as const;
const WORKS = ['under-way', 'committed'] as const;

export function superpositionFields(item: SuperpositionItem): Value {
  const start = [KINDS.indexOf(item.kind), item.name];
  switch (item.kind) {
    case 'created':
      return [...start, item.graceMs, item.branches.map(branchFields)];
    case 'added':
      return [...start, branchFields(item.seed)];
    case 'changed':
      return [...start, item.branch, item.content.map(editFields)];
    case 'committed':
      return [...start, item.branch];
    case 'collapsed':
      return [...start, item.branch, item.weight];
    case 'weighed':
      return [...start, item.label, item.logLikelihoods];
    case 'scored':
      return [...start, item.branch, item.score];
    case 'failed':
      return [...start, item.branch, item.reason];
    case 'ended':
      return start;
  }
}

/** Throws for what `superpositionFields` never writes. */
export function readSuperposition(value: Value): SuperpositionItem {
  const [index, given, one, other, ...more] = list(value);
  const kind = KINDS[whole(index)];
  const name = text(given);
  if (more.length > 0 || kind === undefined) throw foreign('a step of a superposition');
  listOf(value, kind === 'ended' ? 2 : kind === 'added' || kind === 'committed' ? 3 : 4);
  switch (kind) {
    case 'created':
      return { kind, name, graceMs: whole(one), branches: list(other).map(readBranch) };
    case 'added':
      return { kind, name, seed: readBranch(one ?? null) };
    case 'changed':
      return { kind, name, branch: text(one), content: list(other).map(readEdit) };
    case 'committed':
      return { kind, name, branch: text(one) };
    case 'collapsed':
      return { kind, name, branch: text(one), weight: number(other) };
    case 'weighed':
      return { kind, name, label: text(one), logLikelihoods: list(other).map(readLikelihood) };
    case 'scored':
      return { kind, name, branch: text(one), score: number(other) };
    case 'failed':
      return { kind, name, branch: text(one), reason: text(other) };
    case 'ended':
      return { kind, name };
  }
}

function branchFields({ name, work, logWeight, content }: BranchItem): Value {
  return [name, WORKS.indexOf(work), logWeight, content.map(editFields)];
}

function readBranch(value: Value): BranchItem {
  const [name, work, logWeight, content] = listOf(value, 4);
  const known = WORKS[whole(work)];
  if (known === undefined) throw foreign('the work of a branch');
  return { name: text(name), work: known, logWeight: number(logWeight), content: list(content).map(readEdit) };
}

function readLikelihood(value: Value): readonly [string, number] {
  const [branch, logLikelihood] = listOf(value, 2);
  return [text(branch), number(logLikelihood)];
}
