/** Work on one agent, one piece after the other. */
import type { AgentId } from '@skep/kernel';

export class Turnstile {
  private readonly last = new Map<AgentId, Promise<unknown>>();

  /** Begins when what was asked for before is over, however that ended. */
  next<Result>(agent: AgentId, work: () => Promise<Result>): Promise<Result> {
    const before = this.last.get(agent) ?? Promise.resolve();
    const result = before.then(work, work);
    this.last.set(agent, result);
    const leave = () => {
      if (this.last.get(agent) === result) this.last.delete(agent);
    };
    result.then(leave, leave);
    return result;
  }
}
