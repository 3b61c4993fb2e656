/**
 * An observer's standing: since when silence means something to it (M3).
 *
 * Whoever did not run, or whose link carried nothing, heard nobody, whatever the others did. So silence counts from the end of the last
 * such outage. The observer's own heartbeats tell of outages: the bus brings them back to it over the same link as those of the others. One
 * that is missing or late says that others may be missing, too.
 *
 * Why the bound is half the patience: an outage that no own heartbeat noticed is shorter than the time between two of them, and one that
 * is not noticed yet has lasted for `outageMs` at most. Add the heartbeat before it and the one after, and a live member's silence still
 * ends within the patience.
 */
import { SkepError } from '@skep/kernel';
import type { Outage, Rules } from './rules.js';

export interface Patience {
  /** How often a member sends its heartbeat, and ticks. */
  readonly heartbeatMs: number;
  /** Silence after which a member is suspected. */
  readonly suspectAfterMs: number;
  /** The same after a hint that its connection was closed. */
  readonly closedAfterMs: number;
  /** Ticks this far apart are a stall; an own heartbeat that is away for so long, an outage of the link; accusations this old do not count. */
  readonly outageMs: number;
  /** Silence after which those who are too few to decide ask the registry (M4). */
  readonly arbitrateAfterMs: number;
}

const HEARTBEAT_MS = 100;
/** Own heartbeats that are waited for at once. */
const AWAY_MAX = 64;

/** @throws SkepError `invalid-input` for times that leave a live member no chance to be heard */
export function patienceOf(options: Partial<Patience>): Patience {
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  const suspectAfterMs = options.suspectAfterMs ?? heartbeatMs * 4;
  const patience: Patience = {
    heartbeatMs,
    suspectAfterMs,
    closedAfterMs: options.closedAfterMs ?? heartbeatMs * 1.5,
    outageMs: options.outageMs ?? suspectAfterMs / 2,
    arbitrateAfterMs: options.arbitrateAfterMs ?? suspectAfterMs * 3,
  };
  const { closedAfterMs, outageMs, arbitrateAfterMs } = patience;
  const refuse = (message: string): never => {
    throw new SkepError('invalid-input', { message, remedy: 'Correct the options of membership.' });
  };
  for (const [name, ms] of Object.entries(patience)) if (!(Number.isFinite(ms) && ms > 0)) refuse(`${name} must be a positive number, not ${ms}`);
  if (suspectAfterMs < heartbeatMs * 4) refuse('suspectAfterMs must be at least four heartbeats');
  if (closedAfterMs < heartbeatMs || closedAfterMs > suspectAfterMs) refuse('closedAfterMs must lie between heartbeatMs and suspectAfterMs');
  if (outageMs < heartbeatMs * 1.5 || outageMs > suspectAfterMs / 2) refuse('outageMs must lie between 1.5 heartbeats and half of suspectAfterMs');
  if (arbitrateAfterMs < suspectAfterMs * 2) refuse('arbitrateAfterMs must be at least twice suspectAfterMs');
  return patience;
}

export class Witness {
  private tickedMs: number;
  private connected = true;
  /** Own heartbeats that have not come back, by sequence. */
  private readonly away = new Map<number, number>();
  /** The newest own heartbeat that came back since the last outage. */
  private back: { readonly sequence: number; readonly sentMs: number } | undefined;
  /** Silence before this time means nothing. */
  sinceMs: number;

  constructor(
    private readonly patience: Patience,
    private readonly rules: Rules,
    nowMs: number,
  ) {
    this.tickedMs = nowMs;
    this.sinceMs = nowMs;
  }

  ticked(nowMs: number): void {
    if (this.stalled(nowMs)) this.outageEnded('stall', nowMs);
    this.tickedMs = nowMs;
  }

  sent(sequence: number, nowMs: number): void {
    this.away.set(sequence, nowMs);
    for (const oldest of this.away.keys()) {
      if (this.away.size <= AWAY_MAX) break;
      this.away.delete(oldest);
    }
  }

  /** An own heartbeat came back. */
  returned(sequence: number, nowMs: number): void {
    const sentMs = this.away.get(sequence);
    if (sentMs === undefined || (this.back !== undefined && sequence <= this.back.sequence)) return;
    this.away.delete(sequence);
    const missed = this.back === undefined || sequence > this.back.sequence + 1 || nowMs - sentMs > this.patience.outageMs;
    if (missed) this.outageEnded('link', nowMs);
    this.back = { sequence, sentMs };
  }

  setLink(state: 'connected' | 'disconnected', nowMs: number): void {
    this.connected = state === 'connected';
    this.back = undefined;
    this.outageEnded('link', nowMs);
  }

  /** Whether what it observes now may accuse anybody. */
  mayTestify(nowMs: number): boolean {
    if (this.stalled(nowMs) && this.rules.beginsAnew('stall')) return false;
    return !this.rules.beginsAnew('link') || (this.connected && this.provedSince(nowMs - this.patience.outageMs));
  }

  /** Whether the link carried something that was sent then or later. */
  provedSince(timeMs: number): boolean {
    return this.back !== undefined && this.back.sentMs >= timeMs;
  }

  private stalled(nowMs: number): boolean {
    return nowMs - this.tickedMs > this.patience.outageMs;
  }

  private outageEnded(outage: Outage, nowMs: number): void {
    if (this.rules.beginsAnew(outage)) this.sinceMs = Math.max(this.sinceMs, nowMs);
  }
}
