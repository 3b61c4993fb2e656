/**
 * A swarm of members on a scheduler of its own: seeded delays and jitter, faults by plan, a registry that seals. What a runtime does with
 * the events is done here in its simplest form: the dead are sealed, whoever was sealed comes back as a new incarnation, and those who are
 * outnumbered ask the registry.
 */
import { type IncarnationId, incarnationId, nodeId } from '@skep/kernel';
import { type Heartbeat, Membership, type MembershipEvent, type Rules } from '../src/index.js';

export type Fault =
  /** The thread of a node does nothing; what comes in waits. */
  | { readonly kind: 'stall'; readonly node: number; readonly atMs: number; readonly forMs: number }
  | { readonly kind: 'kill'; readonly node: number; readonly atMs: number }
  | { readonly kind: 'restart'; readonly node: number; readonly atMs: number }
  /** Nothing goes between these and the rest, in the direction given. */
  | { readonly kind: 'cut'; readonly nodes: readonly number[]; readonly way: 'in' | 'out' | 'both'; readonly atMs: number; readonly forMs: number }
  /** The bus carries nothing; `told`: the nodes are told that their links are lost. `kept`: what was sent meanwhile comes when it ends. */
  | { readonly kind: 'outage'; readonly told: boolean; readonly kept: boolean; readonly atMs: number; readonly forMs: number };

export interface Plan {
  readonly nodes: number;
  readonly seed: number;
  readonly faults: readonly Fault[];
  readonly untilMs: number;
  readonly delayMsMax?: number;
  /** Share of messages that are lost on each link, but of those from node 0, until `lossUntilMs`. */
  readonly loss?: number;
  readonly lossUntilMs?: number;
  readonly rules?: Rules;
  readonly suspectAfterMs?: number;
  /** Whether the few who are outnumbered ask the registry, as the runtime does. Default true. */
  readonly arbitrates?: boolean;
  /** Whether nodes look at the universe record now and then, and let go of those whom they miss and whose lanes are sealed. Default false. */
  readonly watches?: boolean;
}

export interface Death {
  readonly atMs: number;
  readonly node: number;
  readonly at: number;
  readonly incarnation: IncarnationId;
  readonly reason: string;
}

interface Running {
  readonly incarnation: IncarnationId;
  readonly members: Membership;
}

const HEARTBEAT_MS = 100;
const JITTER_MS_MAX = 10;
const DELAY_MS_MAX = 50;
/** Between two looks at the universe record. */
const LOOK_MS = 700;
const LOOK_MS_MORE = 300;

export class Swarm {
  nowMs = 0;
  readonly deaths: Death[] = [];
  /** Events that a member reported of an incarnation after it had reported that one's death. */
  readonly revived: string[] = [];
  readonly killedAtMs = new Map<IncarnationId, number>();
  private readonly open = new Set<IncarnationId>();
  private readonly running: (Running | undefined)[];
  private readonly queue: { readonly atMs: number; readonly order: number; readonly act: () => void }[] = [];
  private readonly buried = new Map<IncarnationId, Set<IncarnationId>>();
  private readonly awakeMs: number[];
  /** When the last message of each link arrives: a bus keeps the order of one sender. */
  private readonly arrivedMs = new Map<number, number>();
  private order = 0;
  private starts = 0;
  private state: number;

  constructor(private readonly plan: Plan) {
    this.state = plan.seed >>> 0 || 1;
    this.running = Array.from({ length: plan.nodes });
    this.awakeMs = Array.from({ length: plan.nodes }, () => 0);
    for (let node = 0; node < plan.nodes; node += 1) this.at(this.below(HEARTBEAT_MS), () => this.start(node));
    for (const fault of plan.faults) this.at(fault.atMs, () => this.strike(fault));
  }

  run(): this {
    for (;;) {
      let first = 0;
      for (let at = 1; at < this.queue.length; at += 1) if (before(this.queue[at], this.queue[first])) first = at;
      const next = this.queue[first];
      if (next === undefined || next.atMs > this.plan.untilMs) return this;
      this.queue.splice(first, 1);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.act();
    }
  }

  /** Live nodes by number, and whom each of them sees. */
  views(): readonly { readonly node: number; readonly incarnation: IncarnationId; readonly sees: readonly IncarnationId[] }[] {
    return this.running.flatMap((each, node) =>
      each === undefined ? [] : [{ node, incarnation: each.incarnation, sees: each.members.view().map(({ incarnation }) => incarnation) }],
    );
  }

  private start(node: number): void {
    this.starts += 1;
    const incarnation = incarnationId(nodeId(`n${node}`), 1000 + this.starts, Uint8Array.of(node));
    const { rules, suspectAfterMs } = this.plan;
    const members = new Membership({
      ...{ self: incarnation, nowMs: this.nowMs },
      ...(rules === undefined ? {} : { rules }),
      ...(suspectAfterMs === undefined ? {} : { suspectAfterMs }),
    });
    for (const each of this.open) members.expect(each, this.nowMs);
    this.open.add(incarnation);
    const running = { incarnation, members };
    this.running[node] = running;
    for (const [other, each] of this.running.entries()) if (each !== undefined && other !== node) each.members.expect(incarnation, this.nowMs);
    this.beat(node, running);
    if (this.plan.watches) this.planLook(node, running);
  }

  private planLook(node: number, running: Running): void {
    this.at(this.nowMs + LOOK_MS + this.below(LOOK_MS_MORE), () => this.look(node, running));
  }

  /** As the runtime does: whoever is dead here and open there is sealed; whoever is open and not known is expected; the sealed who are missed have left. */
  private look(node: number, running: Running): void {
    if (this.running[node] !== running) return;
    if ((this.awakeMs[node] as number) > this.nowMs) return this.at(this.awakeMs[node] as number, () => this.look(node, running));
    const { incarnation, members } = running;
    for (const each of this.open) {
      if (each === incarnation) continue;
      if (members.standing(each) === 'gone') this.seal(each);
      else members.expect(each, this.nowMs);
    }
    for (const each of members.suspected()) if (!this.open.has(each)) members.left(each);
    this.perform(node, running);
    this.planLook(node, running);
  }

  private beat(node: number, running: Running): void {
    if (this.running[node] !== running) return;
    if ((this.awakeMs[node] as number) > this.nowMs)
      return this.at(this.awakeMs[node] as number, () => this.beat(node, running), this.below(2) === 0 ? 'first' : 'last');
    this.say(node, running);
    this.perform(node, running);
    this.at(this.nowMs + HEARTBEAT_MS + this.below(JITTER_MS_MAX), () => this.beat(node, running));
  }

  private say(node: number, running: Running): void {
    const heartbeat = running.members.heartbeat(this.nowMs);
    for (let to = 0; to < this.plan.nodes; to += 1) this.send(node, to, heartbeat);
  }

  private send(from: number, to: number, heartbeat: Heartbeat): void {
    const { loss = 0, lossUntilMs = 0, delayMsMax = DELAY_MS_MAX } = this.plan;
    const sentMs = this.nowMs;
    let atMs = sentMs + this.below(delayMsMax);
    const lost = this.below(1000) < loss * 1000 && from !== 0 && from !== to && sentMs < lossUntilMs;
    for (const fault of this.plan.faults) {
      const ends = 'forMs' in fault ? fault.atMs + fault.forMs : 0;
      const meets = atMs >= fault.atMs && sentMs < ends;
      if (!meets) continue;
      if (fault.kind === 'outage' && !fault.kept) return;
      if (fault.kind === 'outage') atMs = Math.max(atMs, ends);
      if (fault.kind === 'cut' && isCut(fault, from, to)) return;
    }
    if (lost) return;
    const link = from * this.plan.nodes + to;
    atMs = Math.max(atMs, this.arrivedMs.get(link) ?? 0);
    this.arrivedMs.set(link, atMs);
    this.at(atMs, () => this.deliver(to, heartbeat));
  }

  private deliver(to: number, heartbeat: Heartbeat): void {
    const running = this.running[to];
    if (running === undefined) return;
    if ((this.awakeMs[to] as number) > this.nowMs) return this.at(this.awakeMs[to] as number, () => this.deliver(to, heartbeat));
    running.members.heard(heartbeat, this.nowMs);
    this.perform(to, running);
  }

  private perform(node: number, running: Running): void {
    for (const event of running.members.take()) {
      this.watch(running, event);
      if (event.kind === 'suspected') this.say(node, running);
      else if (event.kind === 'dead') {
        this.deaths.push({ atMs: this.nowMs, node: nodeOf(event.incarnation), at: node, incarnation: event.incarnation, reason: event.reason });
        this.at(this.nowMs + this.below(20), () => this.seal(event.incarnation));
      } else if (event.kind === 'outnumbered' && this.plan.arbitrates !== false) {
        this.at(this.nowMs + this.below(20), () => {
          if (this.running[node] !== running || !this.open.has(running.incarnation)) return;
          running.members.arbitrated(event.silent, this.nowMs);
          this.perform(node, running);
        });
      }
    }
  }

  /** The victim learns of it a while later, when it writes, and comes back. */
  private seal(incarnation: IncarnationId): void {
    if (!this.open.delete(incarnation)) return;
    const node = nodeOf(incarnation);
    const comeBack = (): void => {
      if (this.running[node]?.incarnation !== incarnation) return;
      if ((this.awakeMs[node] as number) > this.nowMs) return this.at(this.awakeMs[node] as number, comeBack);
      this.start(node);
    };
    this.at(this.nowMs + 20 + this.below(300), comeBack);
  }

  private strike(fault: Fault): void {
    if (fault.kind === 'stall') this.awakeMs[fault.node] = Math.max(this.awakeMs[fault.node] as number, fault.atMs + fault.forMs);
    else if (fault.kind === 'restart') this.start(fault.node);
    else if (fault.kind === 'kill') {
      const victim = this.running[fault.node];
      if (victim !== undefined) this.killedAtMs.set(victim.incarnation, this.nowMs);
      this.running[fault.node] = undefined;
    } else if (fault.kind === 'outage' && fault.told) {
      for (const each of this.running) each?.members.disconnected(this.nowMs);
      this.at(
        fault.atMs + fault.forMs,
        () => {
          for (const each of this.running) each?.members.connected(this.nowMs);
        },
        'first',
      );
    }
  }

  private watch({ incarnation }: Running, event: MembershipEvent): void {
    const buried = this.buried.get(incarnation) ?? new Set();
    this.buried.set(incarnation, buried);
    const names =
      event.kind === 'joined' || event.kind === 'changed' ? [event.member.incarnation] : 'incarnation' in event ? [event.incarnation] : [];
    for (const each of names) if (buried.has(each)) this.revived.push(`${event.kind} ${each}`);
    if (event.kind === 'dead' || event.kind === 'left') buried.add(event.incarnation);
  }

  /** `first`: before what else comes at that time, as timers do after a stall. */
  private at(atMs: number, act: () => void, place: 'last' | 'first' = 'last'): void {
    this.order += 1;
    this.queue.push({ atMs, order: place === 'last' ? this.order : -this.order, act });
  }

  /** A whole number from 0 to `limit` - 1 (xorshift). */
  private below(limit: number): number {
    this.state ^= this.state << 13;
    this.state ^= this.state >>> 17;
    this.state ^= this.state << 5;
    return (this.state >>> 0) % limit;
  }
}

export function nodeOf(incarnation: IncarnationId): number {
  return Number(/^n(\d+)-/.exec(incarnation)?.[1]);
}

function isCut({ nodes, way }: Extract<Fault, { kind: 'cut' }>, from: number, to: number): boolean {
  const fromInside = nodes.includes(from);
  if (fromInside === nodes.includes(to)) return false;
  return way === 'both' || (way === 'out') === fromInside;
}

function before(left: Swarm['queue'][number] | undefined, right: Swarm['queue'][number] | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  return left.atMs === right.atMs ? left.order < right.order : left.atMs < right.atMs;
}
