import { type AgentId, SkepError } from '@skep/kernel';
import type { Clock } from '@skep/ports';

/** What was begun goes on when the time is up; whoever waits for it hears `timeout`. */
export function within<Result>(
  clock: Clock,
  work: Promise<Result>,
  { leftMs, agent, what }: { readonly leftMs: number; readonly agent: AgentId; readonly what: string },
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(Math.max(0, leftMs), () => {
      reject(new SkepError('timeout', { message: `${what} was not answered in time; it may still take effect`, id: agent }));
    });
    work.finally(cancel).then(resolve, reject);
  });
}
