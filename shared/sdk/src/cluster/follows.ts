/**
 * Who follows which agents through this node. While somebody does, every acknowledged turn of those agents is published on its event
 * subject, as JSON; a node that nobody follows publishes nothing and looks at no turn.
 *
 * - F1 A follow is of one tenant and sees nothing of another (G10).
 * - F2 It ends by itself; who wants more renews it under the same name.
 * - F3 Turns may be lost on their way, as every message of the bus may be: the history has them all.
 */
import type { CommitListener, CommittedTurn } from '@skep/actor';
import { SkepError, toJson, tokenOf, type Value } from '@skep/kernel';
import type { Bus, Clock } from '@skep/ports';
import type { Subjects } from '@skep/protocol';

export interface Follow {
  readonly tenant: string;
  /** A name that its follower chose, so that it can be renewed and ended. */
  readonly follow: string;
  readonly kind: string | null;
  readonly id: string | null;
  readonly forMs: number;
}

export interface FollowsOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subjects: Subjects;
  /** Returns the function that stops it. */
  readonly onCommitted: (listener: CommitListener) => () => void;
}

interface Kept {
  readonly follow: Follow;
  readonly kind: string | null;
  readonly id: string | null;
  readonly untilMs: number;
}

export const FOLLOW_MS = 60_000;
export const FOLLOW_MS_MAX = 600_000;
const FOLLOWS_PER_TENANT_MAX = 256;
const FOLLOWS_MAX = 4_096;
/** A turn that is longer is published without its data and edits. */
const EVENT_BYTES_MAX = 512 * 1024;
const utf8 = new TextEncoder();

export class Follows {
  /** By the tenant's token, then by name. */
  private readonly tenants = new Map<string, Map<string, Kept>>();
  private unlisten: (() => void) | undefined;
  private cancelExpiry: (() => void) | undefined;

  constructor(private readonly options: FollowsOptions) {}

  get size(): number {
    let size = 0;
    for (const kept of this.tenants.values()) size += kept.size;
    return size;
  }

  /** @throws SkepError `overloaded`, `invalid-id` */
  add(follow: Follow): void {
    const { clock } = this.options;
    const tenant = tokenOf('tenant', follow.tenant);
    const kept = this.tenants.get(tenant) ?? new Map<string, Kept>();
    if (!kept.has(follow.follow) && (kept.size >= FOLLOWS_PER_TENANT_MAX || this.size >= FOLLOWS_MAX)) {
      throw new SkepError('overloaded', { message: `${kept.size} followers of this tenant are known already`, id: follow.tenant });
    }
    kept.set(follow.follow, {
      follow,
      kind: follow.kind === null ? null : tokenOf('kind', follow.kind),
      id: follow.id === null ? null : tokenOf('agent id', follow.id),
      untilMs: clock.monotonicMs() + follow.forMs,
    });
    this.tenants.set(tenant, kept);
    this.unlisten ??= this.options.onCommitted((turns) => this.onTurns(turns));
    this.expire();
  }

  remove(tenant: string, follow: string): void {
    const token = tokenOf('tenant', tenant);
    const kept = this.tenants.get(token);
    kept?.delete(follow);
    if (kept?.size === 0) this.tenants.delete(token);
    this.expire();
  }

  /** All of them, with the time that each has left. */
  all(): readonly Follow[] {
    const nowMs = this.options.clock.monotonicMs();
    return [...this.tenants.values()].flatMap((kept) => [...kept.values()].map(({ follow, untilMs }) => ({ ...follow, forMs: untilMs - nowMs })));
  }

  stop(): void {
    this.tenants.clear();
    this.expire();
  }

  /** Ends what is over, and plans the next look. */
  private expire(): void {
    const { clock } = this.options;
    const nowMs = clock.monotonicMs();
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [tenant, kept] of this.tenants) {
      for (const [name, { untilMs }] of kept) {
        if (untilMs <= nowMs) kept.delete(name);
        else nextMs = Math.min(nextMs, untilMs);
      }
      if (kept.size === 0) this.tenants.delete(tenant);
    }
    this.cancelExpiry?.();
    this.cancelExpiry = undefined;
    if (this.tenants.size > 0) {
      this.cancelExpiry = clock.setTimer(nextMs - nowMs, () => this.expire());
      return;
    }
    this.unlisten?.();
    this.unlisten = undefined;
  }

  private onTurns(turns: readonly CommittedTurn[]): void {
    for (const turn of turns) {
      const [tenant, kind, id] = turn.agent.split('/') as [string, string, string];
      if (this.wanted(tenant, kind, id)) this.publish(turn);
    }
  }

  private wanted(tenant: string, kind: string, id: string): boolean {
    const kept = this.tenants.get(tenant);
    if (kept === undefined) return false;
    for (const each of kept.values()) if ((each.kind ?? kind) === kind && (each.id ?? id) === id) return true;
    return false;
  }

  private publish(turn: CommittedTurn): void {
    const { bus, subjects } = this.options;
    try {
      const whole = utf8.encode(toJson(shown(turn)));
      bus.publish(subjects.event(turn.agent), whole.length <= EVENT_BYTES_MAX ? whole : utf8.encode(toJson(cut(turn))));
    } catch {
      // F3: no way out for now.
    }
  }
}

function shown({ agent, version, type, changes, timeMs, events }: CommittedTurn): Value {
  return { agent, version, type, changes, timeMs, events: events as unknown as Value };
}

function cut({ agent, version, type, changes, timeMs, events }: CommittedTurn): Value {
  return { agent, version, type, changes, timeMs, events: events.map((event) => ({ type: event.type })), cut: true };
}
