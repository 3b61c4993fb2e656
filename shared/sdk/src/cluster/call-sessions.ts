/**
 * The slots under which a client's calls take effect once (G4): for each agent a session, numbered densely from 1, acknowledged up to the
 * lowest number that is not answered.
 *
 * - N1 Nothing is acknowledged before a reply proved that the agent keeps the session: an agent remembers a session from its first turn on,
 *   and refuses a strange one that claims to have been answered.
 * - N2 At most `LIMITS.sessionWindow` numbers lie between the acknowledged one and the newest; a call that finds no room waits for it.
 * - N3 What is forgotten here comes back under a fresh session, never under an old one with other numbers.
 */
import { type AgentId, LIMITS, operationId, SkepError } from '@skep/kernel';
import type { Clock, Random } from '@skep/ports';
import type { ReplySlot } from '@skep/protocol';

export type SessionSlot = Extract<ReplySlot, { kind: 'session' }>;
/** `recorded`: the agent keeps the session. `other`: refused, or only read, or nobody knows. */
export type SlotOutcome = 'recorded' | 'other';

export interface CallSessionsOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Milliseconds since 1970, as the nodes see it. */
  readonly nowMs: () => number;
  readonly agentsMax?: number;
}

interface Waiter {
  readonly resolve: () => void;
  readonly cancel: () => void;
}

interface AgentCalls {
  session: string;
  next: number;
  /** Lower numbers are answered. */
  lowest: number;
  kept: boolean;
  readonly open: Set<number>;
  readonly waiters: Waiter[];
}

const AGENTS_MAX = 65_536;
/** How many busy agents are passed over when one has to be forgotten. */
const PASSED_OVER_MAX = 64;

export class CallSessions {
  private readonly agents = new Map<AgentId, AgentCalls>();
  private session: string | undefined;

  constructor(private readonly options: CallSessionsOptions) {}

  /** A slot for one more call. Waits for room. @throws SkepError `timeout` when there is none within `waitMs` */
  async take(agent: AgentId, waitMs: number): Promise<SessionSlot> {
    const { clock } = this.options;
    const endMs = clock.monotonicMs() + waitMs;
    for (;;) {
      const calls = this.callsOf(agent);
      if (!calls.kept && calls.open.size === 0 && calls.next > 1 && isFull(calls)) this.begin(calls);
      if (!isFull(calls)) return take(calls);
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0) {
        throw new SkepError('timeout', {
          message: `${LIMITS.sessionWindow} calls of this client to the agent were not answered within ${waitMs} ms; this one was not sent`,
          id: agent,
        });
      }
      await this.roomIn(calls, leftMs);
    }
  }

  /** The call was answered, or nobody waits for its answer any more. */
  settle(agent: AgentId, { id, number }: SessionSlot, outcome: SlotOutcome): void {
    const calls = this.agents.get(agent);
    if (calls === undefined || calls.session !== id) return;
    calls.open.delete(number);
    if (outcome === 'recorded') calls.kept = true;
    while (calls.lowest < calls.next && !calls.open.has(calls.lowest)) calls.lowest += 1;
    const [waiter] = calls.waiters.splice(0, 1);
    waiter?.cancel();
    waiter?.resolve();
  }

  /** The agent does not know the session any more; further calls go under another. */
  renew(agent: AgentId, { id }: SessionSlot): void {
    const calls = this.agents.get(agent);
    if (calls?.session === id) this.begin(calls);
  }

  private callsOf(agent: AgentId): AgentCalls {
    const known = this.agents.get(agent);
    if (known !== undefined) return known;
    this.makeRoom();
    this.session ??= this.fresh();
    const calls: AgentCalls = { session: this.session, next: 1, lowest: 1, kept: false, open: new Set(), waiters: [] };
    this.agents.set(agent, calls);
    return calls;
  }

  /** Resolves when there may be room, or time is up. */
  private roomIn({ waiters }: AgentCalls, leftMs: number): Promise<void> {
    return new Promise((resolve) => {
      const overdue = (): void => {
        waiters.splice(waiters.indexOf(waiter), 1);
        resolve();
      };
      const waiter: Waiter = { resolve, cancel: this.options.clock.setTimer(leftMs, overdue) };
      waiters.push(waiter);
    });
  }

  private begin(calls: AgentCalls): void {
    calls.session = this.fresh();
    calls.next = 1;
    calls.lowest = 1;
    calls.kept = false;
    calls.open.clear();
  }

  private makeRoom(): void {
    if (this.agents.size < (this.options.agentsMax ?? AGENTS_MAX)) return;
    let passedOver = 0;
    for (const [agent, { open, waiters }] of this.agents) {
      if (open.size === 0 && waiters.length === 0) {
        this.agents.delete(agent);
        // N3
        this.session = undefined;
        return;
      }
      passedOver += 1;
      if (passedOver >= PASSED_OVER_MAX) return;
    }
  }

  private fresh(): string {
    return operationId(this.options.nowMs(), this.options.random.bytes(10));
  }
}

function isFull({ next, lowest, kept }: AgentCalls): boolean {
  return next - (kept ? lowest - 1 : 0) > LIMITS.sessionWindow;
}

function take(calls: AgentCalls): SessionSlot {
  const number = calls.next;
  calls.next += 1;
  calls.open.add(number);
  return { kind: 'session', id: calls.session, number, acknowledged: calls.kept ? calls.lowest - 1 : 0 };
}
