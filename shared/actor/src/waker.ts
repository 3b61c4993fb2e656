/**
 * Agents that must come back by themselves, because nobody need call them: they have timers, unsent messages or a turn to resume. What
 * cannot be brought back for now (a full disk, a store that does not answer) is tried again, with growing pauses.
 */
import type { AgentId } from '@skep/kernel';
import type { Clock } from '@skep/ports';

const RETRY_AFTER_MS = 50;
const RETRY_AFTER_MS_MAX = 5_000;

export class Waker {
  private readonly overdue = new Set<AgentId>();
  private attempts = 0;
  private armed = false;

  constructor(
    private readonly clock: Clock,
    /** Begins to bring an agent to life; `crowded` when there is no room now, `never` when that cannot be done at all. */
    private readonly activate: (agent: AgentId) => 'awake' | 'coming' | 'crowded' | 'never',
  ) {}

  /** False when the agent cannot be brought to life, whenever. */
  wake(agent: AgentId): boolean {
    const found = this.activate(agent);
    if (found === 'coming' || found === 'crowded') this.overdue.add(agent);
    if (found === 'crowded') this.arm();
    return found !== 'never';
  }

  /** These were alive until now, and should be again when what stopped them has passed. */
  wakeLater(agents: Iterable<AgentId>): void {
    for (const agent of agents) this.overdue.add(agent);
    this.arm();
  }

  awake(agent: AgentId): void {
    this.overdue.delete(agent);
    if (this.overdue.size === 0) this.attempts = 0;
  }

  /** It did not come back; `retry` says whether another attempt may do better. */
  failed(agent: AgentId, retry: 'later' | 'never'): void {
    if (!this.overdue.has(agent)) return;
    if (retry === 'later') this.arm();
    else this.overdue.delete(agent);
  }

  private arm(): void {
    if (this.armed || this.overdue.size === 0) return;
    this.armed = true;
    const afterMs = Math.min(RETRY_AFTER_MS * 2 ** this.attempts, RETRY_AFTER_MS_MAX);
    this.attempts += 1;
    this.clock.setTimer(afterMs, () => {
      this.armed = false;
      let isCrowded = false;
      for (const agent of [...this.overdue]) {
        const found = isCrowded ? 'crowded' : this.activate(agent);
        if (found === 'crowded') isCrowded = true;
        else if (found !== 'coming') this.awake(agent);
      }
      if (isCrowded) this.arm();
    });
  }
}
