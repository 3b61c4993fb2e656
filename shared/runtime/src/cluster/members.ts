/** One incarnation among its members: sends its heartbeats, hears those of others, and tells who is gone. `Membership` decides. */
import {
  decodeHeartbeat,
  encodeHeartbeat,
  type Heartbeat,
  type Load,
  type Member,
  type MemberStatus,
  Membership,
  type MembershipEvent,
  Placement,
} from '@skep/cluster';
import type { AgentId, IncarnationId, NodeId } from '@skep/kernel';
import type { Bus, Clock } from '@skep/ports';
import type { Subjects } from '@skep/protocol';

export type LinkStatus = 'connected' | 'disconnected';

export interface MembersOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly subjects: Subjects;
  readonly incarnation: IncarnationId;
  readonly load: () => Pick<Load, 'agents' | 'turnsPerSecond'>;
  /** Tenants whose address key this node lacks. */
  readonly keyless: () => readonly string[];
  readonly heartbeatMs?: number;
  readonly suspectAfterMs?: number;
  readonly link?: (listener: (status: LinkStatus) => void) => () => void;
  /** Tells of nodes whose connection was closed, as far as the servers say so: a hint that shortens the patience with them. */
  readonly closings?: (listener: (node: NodeId) => void) => () => void;
  /** Resolves when an append to the own lane, begun now, was acknowledged: the log takes this node for alive. */
  readonly confirm: () => Promise<void>;
  /** Dead, or gone for good: whoever watches takes over what it held. */
  readonly onGone: (incarnation: IncarnationId) => void;
}

/** Beats between two looks at the loads of others. */
const BEATS_PER_LOOK = 10;
/** Within so many beats every member that lives sends heartbeats. */
const BEATS_TO_MEET = 3;

export class Members {
  private readonly membership: Membership;
  private readonly placement = new Placement();
  private readonly unsubscribe: () => void;
  private readonly unlink: (() => void) | undefined;
  private readonly unhint: (() => void) | undefined;
  private cancelBeat: (() => void) | undefined;
  private live: readonly Member[] = [];
  private readonly byIncarnation = new Map<IncarnationId, Member>();
  private stopped = false;
  private beats = 0;
  /** The sequence of the heartbeat that others have come before by the time that it comes back. */
  private meetsAt = Number.POSITIVE_INFINITY;
  private hasMet = false;

  constructor(private readonly options: MembersOptions) {
    const { bus, clock, subjects, incarnation, heartbeatMs, suspectAfterMs, link } = options;
    this.membership = new Membership({
      self: incarnation,
      nowMs: clock.monotonicMs(),
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
      ...(suspectAfterMs === undefined ? {} : { suspectAfterMs }),
    });
    this.report();
    this.unsubscribe = bus.subscribe(subjects.heartbeat, ({ payload }) => this.onHeartbeat(payload));
    this.unlink = link?.((status) => this.onLink(status));
    this.unhint = options.closings?.((node) => this.onClosed(node));
    this.refresh();
    this.beat();
  }

  /** Live members, this one included, ascending by incarnation. */
  get view(): readonly Member[] {
    return this.live;
  }

  isLive(incarnation: IncarnationId): boolean {
    return this.byIncarnation.has(incarnation);
  }

  isDead(incarnation: IncarnationId): boolean {
    return this.membership.standing(incarnation) === 'gone';
  }

  /** The incarnation of a node that takes agents. */
  serving(node: NodeId): IncarnationId | undefined {
    return this.live.find((member) => member.node === node && member.status === 'serving')?.incarnation;
  }

  /** Whether a live member is known to lack the address key of a tenant. */
  isKeyless(incarnation: IncarnationId, tenant: string): boolean {
    return this.byIncarnation.get(incarnation)?.keyless?.includes(tenant) === true;
  }

  /** Where an agent that nobody holds should live. */
  place(agent: AgentId): IncarnationId | undefined {
    return this.placement.place(agent);
  }

  pin(agent: AgentId, node: NodeId | undefined): void {
    this.placement.pin(agent, node);
  }

  expect(incarnation: IncarnationId): void {
    this.membership.expect(incarnation, this.now);
    this.perform();
  }

  get suspects(): readonly IncarnationId[] {
    return this.membership.suspected();
  }

  /** One that is suspected, and whose lane is open no more. If it was heard again meanwhile, it stays. */
  left(incarnation: IncarnationId): void {
    if (this.suspects.includes(incarnation)) this.membership.left(incarnation);
    this.perform();
  }

  setStatus(status: MemberStatus): void {
    this.membership.report({ status });
    this.send();
  }

  /**
   * Whether every member that lives was heard, as far as one can know: an own heartbeat came back that went out when they had sent theirs.
   * Time alone says nothing of that: a process that stalls sees its timers before what lies in its socket.
   */
  get isAcquainted(): boolean {
    return this.hasMet;
  }

  /** Resolves when every member that lives had time to be heard. */
  acquainted(): Promise<void> {
    return new Promise((resolve) => this.options.clock.setTimer(this.membership.patience.heartbeatMs * 2.5, resolve));
  }

  stop(): void {
    this.stopped = true;
    this.cancelBeat?.();
    this.unlink?.();
    this.unhint?.();
    this.unsubscribe();
  }

  private get now(): number {
    return this.options.clock.monotonicMs();
  }

  private beat(): void {
    if (this.stopped) return;
    this.cancelBeat = this.options.clock.setTimer(this.membership.patience.heartbeatMs, () => this.beat());
    this.report();
    const sequence = this.send();
    this.beats += 1;
    if (this.beats === BEATS_TO_MEET) this.meetsAt = sequence;
    if (this.beats % BEATS_PER_LOOK === 0) this.refresh();
  }

  private report(): void {
    const { load, keyless } = this.options;
    this.membership.report({ load: load(), keyless: keyless() });
  }

  /** @returns the heartbeat's sequence */
  private send(): number {
    const { bus, subjects } = this.options;
    const heartbeat = this.membership.heartbeat(this.now);
    try {
      bus.publish(subjects.heartbeat, encodeHeartbeat(heartbeat));
    } catch {
      // No way out for now; the next one goes.
    }
    this.perform();
    return heartbeat.sequence;
  }

  private onHeartbeat(payload: Uint8Array): void {
    if (this.stopped) return;
    let heartbeat: Heartbeat;
    try {
      heartbeat = decodeHeartbeat(payload);
    } catch {
      return;
    }
    if (heartbeat.incarnation === this.options.incarnation && heartbeat.sequence >= this.meetsAt) this.hasMet = true;
    this.membership.heard(heartbeat, this.now);
    if (heartbeat.status === 'leaving' && heartbeat.incarnation !== this.options.incarnation) this.membership.left(heartbeat.incarnation);
    this.perform();
  }

  private onLink(status: LinkStatus): void {
    if (status === 'connected') this.membership.connected(this.now);
    else this.membership.disconnected(this.now);
    // Whoever came meanwhile was not heard.
    this.hasMet = false;
    this.meetsAt = Number.POSITIVE_INFINITY;
    this.beats = 0;
    this.perform();
  }

  private onClosed(node: NodeId): void {
    const members = this.live.filter((member) => member.node === node);
    for (const { incarnation } of members) this.membership.closed(incarnation, this.now);
    if (members.length === 0) return;
    // The next beat may be far away.
    this.options.clock.setTimer(this.membership.patience.closedAfterMs + 1, () => {
      if (!this.stopped) this.send();
    });
  }

  private perform(): void {
    const events = this.membership.take();
    if (events.length === 0 || this.stopped) return;
    this.refresh();
    for (const event of events) this.act(event);
    // The others need not wait for the next beat.
    if (events.some(({ kind }) => kind === 'suspected')) this.send();
  }

  private act(event: MembershipEvent): void {
    switch (event.kind) {
      case 'dead':
      case 'left':
        if (event.incarnation !== this.options.incarnation) this.options.onGone(event.incarnation);
        return;
      case 'outnumbered':
        this.options.confirm().then(
          () => {
            if (this.stopped) return;
            this.membership.arbitrated(event.silent, this.now);
            this.perform();
          },
          () => {},
        );
        return;
      case 'accused':
        // If the others are right, the log says so, and this incarnation ends.
        this.options.confirm().catch(() => {});
        return;
      case 'joined':
      case 'changed':
      case 'suspected':
      case 'cleared':
        return;
    }
  }

  private refresh(): void {
    this.live = this.membership.view();
    this.byIncarnation.clear();
    for (const member of this.live) this.byIncarnation.set(member.incarnation, member);
    this.placement.update(this.live);
  }
}
