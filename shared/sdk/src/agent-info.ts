/** What `info` and `list` say of an agent. */
import type { Activation, ActorState } from '@skep/actor';
import { type AgentId, parseAgentId } from '@skep/kernel';
import type { AgentInfo } from './client.js';

export interface AgentFacts {
  readonly agent: AgentId;
  readonly state: ActorState;
  readonly tags: readonly string[];
}

/** Of an agent in memory. */
export function infoOf(activation: Activation): AgentInfo {
  const { agent, kind, mailbox, turn, ready } = activation;
  return {
    ...factsOf({ agent, state: ready, tags: kind.tags }),
    active: true,
    mailbox: mailbox.size,
    turn: turn?.method ?? null,
    bytes: ready.tree.byteLength,
  };
}

/** What its state alone says. */
export function factsOf({ agent, state, tags }: AgentFacts) {
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
