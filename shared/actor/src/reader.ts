/** The steps of a strong read: to find the agent, and to wait until what was seen of it is acknowledged. */
import { type AgentId, isSkepError } from '@skep/kernel';
import type { Ticket } from '@skep/lane';
import type { Activation } from './activation.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import type { Roster } from './roster.js';

/** Looks at an agent, undefined if it does not exist. The activation may be read until the first await. */
export type Look<Seen> = (found: Activation | undefined) => Seen | Promise<Seen>;

export class Reader {
  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
    private readonly roster: Roster,
  ) {}

  /**
   * The activation of an agent, brought to life if it exists; undefined if it does not. Waits for its turn in the mailbox, but neither for
   * steps nor for a pause after a failure.
   */
  async reading(agent: AgentId): Promise<Activation | undefined> {
    const kind = this.roster.kindOf(agent);
    for (;;) {
      if (this.roster.find(agent) === undefined && !(await this.exists(agent))) return undefined;
      const activation = this.roster.find(agent) ?? this.roster.activate(agent, kind);
      activation.lastUsedMs = this.options.clock.nowMs();
      if (activation.stage !== 'ready') {
        await new Promise<Activation>((resolve, reject) => activation.waiting.push({ resolve, reject }));
        continue;
      }
      if (activation.mailbox.size > 0 && activation.turn === undefined && !activation.paused) {
        await new Promise<void>((resolve, reject) => {
          this.roster.enqueue(activation, { kind: 'mark', caller: { resolve, reject } });
          activation.marks += 1;
        });
        // It may have gone and come back meanwhile.
        if (this.roster.find(agent) !== activation) continue;
      }
      return activation.position === 0 ? undefined : activation;
    }
  }

  /** Looks at an agent at once, or before its first turn if it is not here. */
  async ahead<Seen>(agent: AgentId, look: Look<Seen>): Promise<Seen> {
    const kind = this.roster.kindOf(agent);
    if (this.roster.find(agent) === undefined && !(await this.exists(agent))) return look(undefined);
    const activation = this.roster.find(agent) ?? this.roster.activate(agent, kind);
    const seen = (ready: Activation) => look(ready.position === 0 ? undefined : ready);
    if (activation.stage === 'ready') return seen(activation);
    // The look itself happens when the agent comes to life: a promise would let its turns go first.
    return new Promise((resolve, reject) => activation.waiting.push({ resolve: (ready) => resolve(seen(ready)), reject }));
  }

  /** Of an agent that may not be served here not even that is told. @throws SkepError `not-configured` */
  private exists(agent: AgentId): Promise<boolean> {
    this.options.addressKeys.mustServe(agent);
    return this.options.lane.exists(agent);
  }

  /** @throws SkepError `disk-full` when what was seen found no room in the log; `sealed`, `unavailable` */
  async barrier(ticket: Ticket): Promise<void> {
    const { lane } = this.options;
    const awaited = lane.barrier(ticket);
    if (awaited <= lane.released) return;
    const isAcknowledged = ticket <= lane.released;
    lane.flush();
    try {
      await this.gate.passed(awaited);
    } catch (error) {
      if (!isAcknowledged || !isSkepError(error, 'disk-full')) throw error;
      // A log without room takes no append. What was seen is acknowledged, so it is enough that nobody sealed the lane before the read began.
      await lane.confirm();
    }
  }
}
