/** What handlers ask of other agents: here if the agent is here, else wherever it is. */
import { type AgentId, isSkepError, type Value } from '@skep/kernel';
import type { HostCall } from './actor-host.js';
import { refuseCycle } from './call-cycle.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import type { TurnReply } from './message.js';
import type { AskElsewhere } from './other-nodes.js';
import type { Roster } from './roster.js';
import type { Turn } from './turn.js';

export class Asker {
  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
    private readonly roster: Roster,
    private readonly call: (to: AgentId, method: string, input: Value, options: HostCall) => Promise<TurnReply>,
  ) {}

  /** @throws SkepError `call-cycle`, and what the agent refuses the call for */
  async ask(turn: Turn, to: AgentId, method: string, input: Value, operation: string): Promise<Value> {
    const { correlation } = turn;
    const chain = [...turn.chain, turn.agent];
    if (this.roster.kindOf(to).queries.has(method)) return this.askWherever(to, method, input, { operation, chain, correlation });
    const awaitedBy = (agent: AgentId) => this.roster.find(agent)?.turn?.awaits ?? [];
    refuseCycle({ from: turn.agent, to, chain, chainMax: this.options.limits.callChain, awaitedBy });
    turn.awaits.push(to);
    try {
      return await this.askWherever(to, method, input, { operation, chain, correlation });
    } finally {
      const at = turn.awaits.indexOf(to);
      if (at >= 0) turn.awaits.splice(at, 1);
    }
  }

  /** What leaves the node waits until everything that it may rest on is acknowledged (L6). */
  private async askWherever(to: AgentId, method: string, input: Value, asked: AskElsewhere): Promise<Value> {
    const { others, lane } = this.options;
    if (others === undefined || !others.isAway(to)) {
      const { operation, chain, correlation } = asked;
      const slot = operation === '' ? {} : { slot: { kind: 'operation', id: operation } as const };
      try {
        return (await this.call(to, method, input, { ...slot, chain, correlation })).value;
      } catch (error) {
        if (others === undefined || !isSkepError(error, 'elsewhere')) throw error;
      }
    }
    lane.flush();
    await this.gate.quiet();
    return others.ask(to, method, input, asked);
  }
}
