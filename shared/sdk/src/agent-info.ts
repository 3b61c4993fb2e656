import { type Activation, type ActorState, decodeSnapshot } from '@skep/actor';
import { type AgentId, parseAgentId } from '@skep/kernel';
import type { SnapshotReference } from '@skep/lane';
import type { SkepNode } from '@skep/runtime';
import type { AgentInfo } from './client.js';

export function infoOf(activation: Activation): AgentInfo {
  const { agent, kind, mailbox, turn, ready } = activation;
  return {
    ...common(agent, ready, kind.tags),
    active: true,
    mailbox: mailbox.size,
    turn: turn?.method ?? null,
    bytes: ready.tree.byteLength,
  };
}

/** What the snapshot of a resting agent says; undefined when it cannot be read. */
export async function restingInfo(node: SkepNode, agent: AgentId, snapshot: SnapshotReference): Promise<AgentInfo | undefined> {
  const bytes = await node.ports.blob.get(snapshot.blob);
  if (bytes === undefined) return undefined;
  const { state } = decodeSnapshot(bytes, agent);
  const kind = node.kindList.find((each) => each.kind === parseAgentId(agent).kind);
  return { ...common(agent, state, kind?.tags ?? []), active: false, mailbox: 0, turn: null, bytes: state.tree.byteLength };
}

function common(agent: AgentId, state: ActorState, tags: readonly string[]) {
  const { status, version, outbox, timers, clock, lineage } = state;
  return {
    agent,
    ...parseAgentId(agent),
    status,
    version,
    tags,
    outbox: outbox.length,
    timers: timers.size,
    updatedMs: clock.ms === 0 ? null : clock.ms,
    branchedFrom: lineage === undefined ? null : { agent: lineage.agent, version: lineage.version },
  };
}
