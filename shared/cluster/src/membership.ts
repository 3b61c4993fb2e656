/**
 * Membership: who is alive, decided by what each member hears of the others. It owns no timer and sends nothing: the runtime hands in
 * heartbeats, ticks and the state of its link, takes events out, and seals the lanes of the dead.
 *
 *   expected --heard--> member --silent for the patience--> suspected --enough agree--> gone
 *                         ^  \                                |   \                      ^
 *                         |   +--- left, superseded ----------|----+---------------------+
 *                         +------------- heard ---------------+
 *
 * M1 What is gone never returns: a node comes back as a new incarnation, which supersedes the earlier ones of its name.
 * M2 A member is dead when a majority of the others agree at the same time: those who know it count as others whether they are heard or
 *    not, those who are not heard themselves do not agree. Two members: the other one decides alone. A verdict is shared: whoever misses
 *    a member, too, and hears that another declared it dead, does the same.
 * M3 Only a witness accuses: one whose ticks come in time and whose own heartbeats come back. After an outage it begins anew.
 * M4 Too few to decide, the rest silent: membership decides nothing by itself. It says `outnumbered`; the registry decides. A majority that
 *    lives and reaches the registry has sealed the few by then, so a few who can still append to their lanes are the cluster.
 * M5 The same inputs in the same order give the same events: nothing here depends on wall clock, chance or the order of arrival of equals.
 *
 * Safety does not rest on any of this (L2, L4): a wrong verdict costs its victim a restart.
 */
import { compareKeys, type IncarnationId, type NodeId, parseIncarnationId } from '@skep/kernel';
import { type Heartbeat, IDLE, type Load, MEMBERS_MAX, type MemberStatus } from './heartbeat.js';
import type { DeathReason, Member, MembershipEvent } from './member.js';
import { RULES, type Rules } from './rules.js';
import { type Patience, patienceOf, Witness } from './witness.js';

export interface MembershipOptions extends Partial<Patience> {
  readonly self: IncarnationId;
  /** Now, on the monotonic clock that all other times are of. */
  readonly nowMs: number;
  /** Test-only: the decisions, one of them replaced by a mistake. */
  readonly rules?: Rules;
}

interface Known {
  readonly incarnation: IncarnationId;
  readonly node: NodeId;
  readonly startedMs: number;
  status: MemberStatus;
  load: Load;
  keyless: readonly string[];
  suspects: ReadonlySet<IncarnationId>;
  dead: ReadonlySet<IncarnationId>;
  /** 0: expected and never heard. */
  sequence: number;
  heardMs: number;
  /** When a hint came that its connection was closed, after it was heard last. */
  closedMs: number | undefined;
  suspected: boolean;
  /** When the registry was asked about it last. */
  askedMs: number;
}

/** Gone incarnations that are remembered; one that was forgotten has had its lane sealed long ago. */
const GONE_MAX = 4096;
/** For how many patiences the heartbeats of a member name those whom it declared dead. */
const VERDICT_PATIENCES = 10;

export class Membership {
  readonly patience: Patience;
  private readonly rules: Rules;
  private readonly witness: Witness;
  private readonly self: Known;
  /** In the order of their incarnations (M5). */
  private known: ReadonlyMap<IncarnationId, Known>;
  private readonly gone = new Set<IncarnationId>();
  /** Those declared dead, and until when heartbeats say so. */
  private readonly verdicts = new Map<IncarnationId, number>();
  private accusedBy: readonly IncarnationId[] = [];
  private events: MembershipEvent[] = [];

  /** @throws SkepError `invalid-id`, `invalid-input` */
  constructor(options: MembershipOptions) {
    this.patience = patienceOf(options);
    this.rules = options.rules ?? RULES;
    this.witness = new Witness(this.patience, this.rules, options.nowMs);
    this.self = known(options.self, options.nowMs);
    this.known = new Map([[options.self, this.self]]);
  }

  /** What the heartbeats from now on say of this member. */
  report({ status, load, keyless }: { readonly status?: MemberStatus; readonly load?: Partial<Load>; readonly keyless?: readonly string[] }): void {
    if (status !== undefined) this.self.status = status;
    if (load !== undefined) this.self.load = { ...this.self.load, ...load };
    if (keyless !== undefined) this.self.keyless = keyless;
  }

  /** The heartbeat to send now; counts as a tick. */
  heartbeat(nowMs: number): Heartbeat {
    this.tick(nowMs);
    this.self.sequence += 1;
    this.witness.sent(this.self.sequence, nowMs);
    const { incarnation, sequence, status, load, keyless } = this.self;
    const dead = [...this.verdicts.keys()].sort(compareKeys).slice(0, MEMBERS_MAX);
    return { incarnation, sequence, status, load, suspects: this.suspected(), dead, ...(keyless.length === 0 ? {} : { keyless }) };
  }

  /** A heartbeat came in; also this member's own, which prove that its link works. */
  heard(heartbeat: Heartbeat, nowMs: number): void {
    const { incarnation, sequence, status, load, suspects, dead, keyless = [] } = heartbeat;
    if (incarnation === this.self.incarnation) {
      this.witness.returned(sequence, nowMs);
      return this.reconsider(nowMs);
    }
    const member = this.meet(incarnation, nowMs);
    // An older one than was heard before arrived late or twice: it says nothing about now.
    if (member === undefined || sequence <= member.sequence) return;
    const joins = member.sequence === 0;
    const changes = member.status !== status || String(member.keyless) !== String(keyless);
    Object.assign(member, { sequence, status, load, keyless, suspects: new Set(suspects), dead: new Set(dead), heardMs: nowMs, closedMs: undefined });
    if (joins) this.supersede(member, nowMs);
    if (!this.known.has(incarnation)) return;
    if (joins) this.events.push({ kind: 'joined', member: memberOf(member) });
    else if (changes) this.events.push({ kind: 'changed', member: memberOf(member) });
    this.clear(member);
    this.judge(nowMs);
  }

  /** A lane is open in the universe record: its incarnation counts as a member that has not been heard yet. */
  expect(incarnation: IncarnationId, nowMs: number): void {
    if (this.known.has(incarnation)) return;
    const member = this.meet(incarnation, nowMs);
    if (member === undefined) return;
    const newer = this.all().find((each) => isAlive(each, this.self) && each.node === member.node && isNewer(each, member));
    if (newer !== undefined) this.die(member, { reason: 'superseded', by: [newer.incarnation] }, nowMs);
  }

  /** It freed its agents and closed its lane; or it is suspected, and the universe record lists its lane no more. */
  left(incarnation: IncarnationId): void {
    const member = this.known.get(incarnation);
    if (member === this.self) return;
    this.remove(incarnation);
    if (member !== undefined) this.events.push({ kind: 'left', incarnation, node: member.node });
  }

  /** A hint that its connection was closed, such as an advisory of NATS: less patience with this one until it is heard again. */
  closed(incarnation: IncarnationId, nowMs: number): void {
    const member = this.known.get(incarnation);
    if (member !== undefined && member !== this.self) member.closedMs = nowMs;
  }

  /** This member's own link to the bus is lost: what it does not hear from now on says nothing about others. */
  disconnected(nowMs: number): void {
    this.setLink('disconnected', nowMs);
  }

  connected(nowMs: number): void {
    this.setLink('connected', nowMs);
  }

  /** To be called every `patience.heartbeatMs`, or oftener. */
  tick(nowMs: number): void {
    this.witness.ticked(nowMs);
    for (const [incarnation, untilMs] of this.verdicts) if (nowMs >= untilMs) this.verdicts.delete(incarnation);
    this.reconsider(nowMs);
    for (const member of this.others()) {
      if (member.suspected || !this.witness.mayTestify(nowMs) || !this.missed(member, nowMs)) continue;
      member.suspected = true;
      this.events.push({ kind: 'suspected', incarnation: member.incarnation, node: member.node });
    }
    this.judge(nowMs);
    const silent = this.outnumberedBy(nowMs);
    if (silent.every(({ askedMs }) => nowMs - askedMs < this.patience.arbitrateAfterMs)) return;
    for (const member of silent) member.askedMs = nowMs;
    this.events.push({ kind: 'outnumbered', silent: silent.map(({ incarnation }) => incarnation) });
  }

  /** The registry took an append to this member's own lane after `outnumbered` (M4). Those who are heard again meanwhile live on. */
  arbitrated(silent: readonly IncarnationId[], nowMs: number): void {
    for (const member of this.outnumberedBy(nowMs)) {
      const by = this.accusers(member, nowMs).map(({ incarnation }) => incarnation);
      if (silent.includes(member.incarnation)) this.die(member, { reason: 'arbitrated', by }, nowMs);
    }
  }

  /** What happened since the last call, in order. */
  take(): readonly MembershipEvent[] {
    const events = this.events;
    this.events = [];
    return events;
  }

  /** This member and all that were heard, by incarnation, ascending. */
  view(): readonly Member[] {
    return this.all()
      .filter((each) => isAlive(each, this.self))
      .map(memberOf);
  }

  /** Those that this member misses now, heard before or only expected. Where their lanes are sealed already, call `left`. */
  suspected(): readonly IncarnationId[] {
    return this.others().flatMap((each) => (each.suspected ? [each.incarnation] : []));
  }

  standing(incarnation: IncarnationId): 'member' | 'expected' | 'gone' | 'unknown' {
    const member = this.known.get(incarnation);
    if (member !== undefined) return isAlive(member, this.self) ? 'member' : 'expected';
    return this.gone.has(incarnation) ? 'gone' : 'unknown';
  }

  private setLink(state: 'connected' | 'disconnected', nowMs: number): void {
    this.witness.setLink(state, nowMs);
    this.reconsider(nowMs);
  }

  /** The member of that name, new if need be. Undefined for one that is gone (M1), and where there is no room. */
  private meet(incarnation: IncarnationId, nowMs: number): Known | undefined {
    const before = this.known.get(incarnation);
    if (before !== undefined) return before;
    if ((this.gone.has(incarnation) && !this.rules.returns()) || this.known.size >= MEMBERS_MAX) return undefined;
    const member = known(incarnation, nowMs);
    const all = [...this.known.values(), member].sort((left, right) => compareKeys(left.incarnation, right.incarnation));
    this.known = new Map(all.map((each) => [each.incarnation, each]));
    return member;
  }

  /** Of the incarnations of one node only the newest that was heard lives. */
  private supersede(member: Known, nowMs: number): void {
    const namesakes = this.all().filter((each) => each !== member && each.node === member.node);
    const newer = namesakes.find((each) => isAlive(each, this.self) && isNewer(each, member));
    if (newer !== undefined) return this.die(member, { reason: 'superseded', by: [newer.incarnation] }, nowMs);
    for (const each of namesakes) if (isNewer(member, each)) this.die(each, { reason: 'superseded', by: [member.incarnation] }, nowMs);
  }

  /** Clears those whose silence means nothing after an outage. */
  private reconsider(nowMs: number): void {
    const testifies = this.witness.mayTestify(nowMs);
    for (const member of this.others()) if (!testifies || !this.missed(member, nowMs)) this.clear(member);
  }

  private missed(member: Known, nowMs: number): boolean {
    const { suspectAfterMs, closedAfterMs } = this.patience;
    const { sinceMs } = this.witness;
    if (nowMs - Math.max(member.heardMs, sinceMs) >= suspectAfterMs) return true;
    const { closedMs } = member;
    // The link must have worked after the hint: the server that gave it may be the one that went.
    return closedMs !== undefined && this.witness.provedSince(closedMs) && nowMs - Math.max(closedMs, sinceMs) >= closedAfterMs;
  }

  private clear(member: Known): void {
    if (!member.suspected) return;
    member.suspected = false;
    this.events.push({ kind: 'cleared', incarnation: member.incarnation, node: member.node });
  }

  /** Declares dead whom enough accuse. Each death makes the cluster smaller, so others are looked at again. */
  private judge(nowMs: number): void {
    if (!this.witness.mayTestify(nowMs)) return;
    for (let again = true; again; ) {
      again = false;
      for (const member of this.others()) {
        const by = member.suspected ? this.enough(member, nowMs) : undefined;
        if (by === undefined) continue;
        this.die(member, { reason: 'silent', by }, nowMs);
        again = true;
      }
    }
    const by = this.enough(this.self, nowMs) ?? [];
    if (by.length > 0 && this.accusedBy.length === 0) this.events.push({ kind: 'accused', by });
    this.accusedBy = by;
  }

  /** Who accuses the member, where that is enough. */
  private enough(suspect: Known, nowMs: number): readonly IncarnationId[] | undefined {
    const by = this.accusers(suspect, nowMs);
    const isDecided = by.some((each) => each.dead.has(suspect.incarnation));
    if (by.length === 0 || (!isDecided && by.length < this.rules.quorum(this.known.size - 1))) return undefined;
    return by.map(({ incarnation }) => incarnation);
  }

  private accusers(suspect: Known, nowMs: number): readonly Known[] {
    return this.all().filter((each) => each !== suspect && (each === this.self ? suspect.suspected : this.accuses(each, suspect, nowMs)));
  }

  /** Whether another member says now that it does not hear the suspect. */
  private accuses(member: Known, { incarnation }: Known, nowMs: number): boolean {
    return this.isHeard(member, nowMs) && (member.suspects.has(incarnation) || member.dead.has(incarnation));
  }

  private isHeard(member: Known, nowMs: number): boolean {
    return member.sequence > 0 && this.rules.counts(nowMs - member.heardMs, this.patience);
  }

  /** Those who are missed for long by everybody who is heard, ascending. */
  private outnumberedBy(nowMs: number): readonly Known[] {
    if (!this.witness.mayTestify(nowMs)) return [];
    const { arbitrateAfterMs } = this.patience;
    const heard = this.others().filter((each) => !each.suspected);
    return this.others().filter(
      (member) =>
        member.suspected &&
        nowMs - Math.max(member.heardMs, this.witness.sinceMs) >= arbitrateAfterMs &&
        heard.every((each) => this.accuses(each, member, nowMs)),
    );
  }

  private die(member: Known, verdict: { readonly reason: DeathReason; readonly by: readonly IncarnationId[] }, nowMs: number): void {
    const { incarnation, node } = member;
    const { reason, by } = verdict;
    if (member !== this.self) this.remove(incarnation);
    this.verdicts.set(incarnation, nowMs + VERDICT_PATIENCES * this.patience.suspectAfterMs);
    this.events.push({ kind: 'dead', incarnation, node, reason, by });
  }

  private remove(incarnation: IncarnationId): void {
    this.known = new Map([...this.known].filter(([each]) => each !== incarnation));
    this.gone.add(incarnation);
    for (const oldest of this.gone) {
      if (this.gone.size <= GONE_MAX) break;
      this.gone.delete(oldest);
    }
  }

  private others(): readonly Known[] {
    return this.all().filter((each) => each !== this.self);
  }

  private all(): readonly Known[] {
    return [...this.known.values()];
  }
}

function known(incarnation: IncarnationId, nowMs: number): Known {
  const { node, startedMs } = parseIncarnationId(incarnation);
  return {
    ...{ incarnation, node, startedMs, status: 'serving', load: IDLE, keyless: [], suspects: new Set(), dead: new Set() },
    ...{ sequence: 0, heardMs: nowMs, closedMs: undefined, suspected: false, askedMs: Number.NEGATIVE_INFINITY },
  };
}

function isAlive(member: Known, self: Known): boolean {
  return member === self || member.sequence > 0;
}

function isNewer(left: Known, right: Known): boolean {
  return left.startedMs === right.startedMs ? compareKeys(left.incarnation, right.incarnation) > 0 : left.startedMs > right.startedMs;
}

function memberOf({ incarnation, node, startedMs, status, load, keyless, suspected }: Known): Member {
  return { incarnation, node, startedMs, status, load, suspected, ...(keyless.length === 0 ? {} : { keyless }) };
}
