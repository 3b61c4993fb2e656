/**
 * Merges one agent into another. What both began with is found from where they branched and merged; a merge is one turn of the agent, an event
 * of type `merged`. Every merge is remembered there, so the next one compares with what it brought.
 */
import { type ActorHost, checkState, type MergePoint } from '@skep/actor';
import { type AgentId, isSkepError, SkepError } from '@skep/kernel';
import { type ClocksOf, diff, mergeTrees, type Tree, withoutOld } from '@skep/state';
import type { AgentInfo } from '../client.js';
import type { AgentMerge, AgentVersion, MergeRequest } from './agent-merge.js';
import { type CommonState, commonState } from './common-state.js';
import { commonVersions, type PointsOf } from './common-versions.js';
import type { Past } from './past.js';
import { writtenAt } from './written-at.js';

/** How often a merge begins anew because the agent changed meanwhile what is merged. */
const TRIES_MAX = 16;
/** Events of each side that are looked through for who wrote last; what only older ones wrote is a conflict. */
const EVENTS_MAX = 10_000;
/** Agents whose merges are followed to find what two have in common. */
const AGENTS_MAX = 1_024;

interface Trees {
  readonly source: Tree;
  readonly target: Tree;
}

interface Sides {
  readonly ours: AgentInfo;
  readonly theirs: AgentInfo;
}

export class AgentMerger {
  constructor(
    private readonly host: ActorHost,
    private readonly past: Past,
  ) {}

  /**
   * Rejects with `unknown-agent`, `agent-terminated`, `invalid-input` (nothing in common), `invalid-state`, `version-conflict` (conflicts come and go
   * faster than they can be told). One merge into an agent at a time.
   */
  async merge(agent: AgentId, request: MergeRequest): Promise<AgentMerge> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.tryMerge(agent, request);
      } catch (error) {
        if (!isSkepError(error, 'version-conflict') || tries === TRIES_MAX) throw error;
      }
    }
  }

  private async tryMerge(agent: AgentId, request: MergeRequest): Promise<AgentMerge> {
    const { past } = this;
    const [ours, theirs] = [await past.info(agent), await past.info(request.from)];
    const from = { agent: theirs.agent, version: theirs.version };
    const pointsOf = await this.pointsOf([agent, from.agent]);
    const bases = commonVersions([ours], from, pointsOf);
    if (bases.length === 0) {
      const remedy = 'Merge agents of which one branched from the other, or both from a third one.';
      throw new SkepError('invalid-input', { message: `nothing is known to be in common with ${from.agent}`, id: agent, remedy });
    }
    const told = { agent, version: ours.version, from, bases };
    if (isIn(bases, from)) return { kind: 'unchanged', ...told };
    const [source, target] = [await past.treeAt(from.agent, from.version), await past.treeAt(agent, ours.version)];
    const isForward = isIn(bases, { agent, version: ours.version });
    const base = isForward
      ? { tree: target, isUndecided: false }
      : await commonState(bases, { pointsOf, treeAt: past.treeAt.bind(past), rules: request.rules });
    // A branch that did nothing of its own, or undid it all, has nothing to bring; what ancestors contradict each other in has no root.
    if (!base.isUndecided && source.root() === base.tree.root()) return { kind: 'unchanged', ...told };
    const kind = isForward ? 'fast-forward' : 'merged';
    const clocksOf = await this.clocksOf({ ours, theirs }, bases, { source, target }, request);
    const join = (into: Tree) => this.joined(agent, base, { source, target: into }, { ...request, clocksOf });
    const joined = join(target);
    if (joined.conflicts.length > 0) return { kind: 'conflicts', ...told, conflicts: joined.conflicts };
    if (request.dryRun === true) return { kind, ...told, changes: joined.changes, level: null };
    let { changes } = joined;
    const { version, level } = await this.host.command(agent, {
      type: 'merged',
      plan: (now) => {
        if (now.status === 'terminated') throw new SkepError('agent-terminated', { message: 'the agent was terminated', id: agent });
        if (now.version !== ours.version) {
          // Turns came in between; no merge did, as there is one at a time. What both come from stays the same.
          const again = join(now.tree);
          if (again.conflicts.length > 0) throw new SkepError('version-conflict', { message: 'the agent changed while it was merged', id: agent });
          ({ changes } = again);
        }
        return { data: { from: from.agent, version: from.version, root: source.root() }, edits: changes.map(withoutOld), rest: {} };
      },
    });
    return { kind, ...told, version, changes, level };
  }

  /** @throws SkepError `invalid-state` when the schema of the kind refuses what comes of it */
  private joined(
    agent: AgentId,
    { tree: base, isUndecided }: CommonState,
    trees: Trees,
    { rules, resolutions, clocksOf }: MergeRequest & { clocksOf: ClocksOf },
  ) {
    const { tree, conflicts } = mergeTrees({ base, isBaseUndecided: isUndecided, ...trees, rules, resolutions, clocksOf });
    if (conflicts.length === 0) checkState(this.host.roster.kindOf(agent), tree.value());
    return { conflicts, changes: diff(trees.target, tree) };
  }

  /** Histories are read only where a rule asks who wrote last. */
  private async clocksOf({ ours, theirs }: Sides, bases: readonly AgentVersion[], trees: Trees, { rules = [] }: MergeRequest): Promise<ClocksOf> {
    if (!rules.some(({ resolve }) => resolve === 'last-writer')) return () => ({ source: undefined, target: undefined });
    const since = ({ agent }: AgentInfo) => 1 + (bases.find((base) => base.agent === agent)?.version ?? -1);
    const read = (info: AgentInfo) => this.past.history(info.agent, { from: since(info), limit: EVENTS_MAX });
    const [source, target] = [writtenAt(await read(theirs), trees.source), writtenAt(await read(ours), trees.target)];
    return (path) => ({ source: source(path), target: target(path) });
  }

  /** The merge points of these agents and of all from whom they have something. */
  private async pointsOf(agents: readonly AgentId[]): Promise<PointsOf> {
    const points = new Map<AgentId, readonly MergePoint[]>();
    const open = [...agents];
    for (let agent = open.pop(); agent !== undefined; agent = open.pop()) {
      if (points.has(agent)) continue;
      if (points.size === AGENTS_MAX) {
        throw new SkepError('invalid-input', { message: `more than ${AGENTS_MAX} agents were merged with each other`, id: agents[0] ?? agent });
      }
      const found = await this.past.merges(agent);
      points.set(agent, found);
      for (const { from } of found) open.push(from.agent);
    }
    return (agent) => points.get(agent) ?? [];
  }
}

function isIn(versions: readonly AgentVersion[], { agent, version }: AgentVersion): boolean {
  return versions.some((each) => each.agent === agent && each.version === version);
}
