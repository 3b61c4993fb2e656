/**
 * What nodes and stores must agree about once all is quiet.
 *
 * I18: an agent has one holder at most, and the directory names it; one with work to do has exactly one.
 * I19: every node sees the members that live and no others.
 * I20: every lane that is open is that of a live node, and none waits to be claimed.
 */
import type { AgentId, IncarnationId, LaneId } from '@skep/kernel';
import type { DirectoryEntry } from '@skep/lane';
import { type Broken, broken } from './violation.js';

export interface NodeView {
  readonly incarnation: IncarnationId;
  readonly lane: LaneId;
  readonly holds: (agent: AgentId) => boolean;
  /** Live members as this node sees them. */
  readonly members: readonly IncarnationId[];
}

export interface StoredView {
  readonly directory: readonly { readonly agent: AgentId; readonly entry: DirectoryEntry }[];
  readonly open: readonly LaneId[];
  readonly unclaimed: readonly LaneId[];
}

export function checkAgreement(nodes: readonly NodeView[], { directory, open, unclaimed }: StoredView): readonly Broken[] {
  const found: Broken[] = [];
  for (const { agent, entry } of directory) found.push(...checkOwner(nodes, agent, entry));
  const live = nodes.map(({ incarnation }) => incarnation).sort();
  for (const { incarnation, members } of nodes) {
    const seen = [...members].sort();
    if (seen.join() !== live.join()) found.push(broken('I19', `${incarnation} sees ${seen.join(', ')}; there are ${live.join(', ')}`));
  }
  const lanes = nodes.map(({ lane }) => lane).sort();
  if ([...open].sort().join() !== lanes.join()) found.push(broken('I20', `open are ${[...open].join(', ')}; the nodes have ${lanes.join(', ')}`));
  if (unclaimed.length > 0) found.push(broken('I20', `nobody claimed everything of ${unclaimed.join(', ')}`));
  return found;
}

function checkOwner(nodes: readonly NodeView[], agent: AgentId, { owner, free, wake, epoch }: DirectoryEntry): readonly Broken[] {
  const holders = nodes.filter(({ holds }) => holds(agent)).map(({ lane }) => lane);
  const says = `the directory names ${owner} (epoch ${epoch}${free ? ', free' : ''})`;
  if (holders.length > 1) return [broken('I18', `${agent} is held by ${holders.join(' and ')}; ${says}`)];
  const [holder] = holders;
  if (holder !== undefined && (holder !== owner || free)) return [broken('I18', `${agent} is held by ${holder}; ${says}`)];
  if (holder === undefined && wake) return [broken('I18', `${agent} has something to do, and nobody holds it; ${says}`)];
  return [];
}
