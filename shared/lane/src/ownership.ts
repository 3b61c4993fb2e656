/**
 * Which agents this node holds, and the directory writes by which it takes them, settles them and lets them go.
 *
 *   claim -> reading -> claiming -> recovering -> held -> (settling) -> freeing -> gone
 *               ^  conflict, unknown  |   ^  |
 *               +---------------------+   |  v
 *                                  claim stalled (its records cannot be read)
 *
 * O1 Held only after an own compare-and-set succeeded (L3).
 * O2 From the moment a free is sent, nothing of the agent is owned (L3).
 * O3 A floor says from which batch on this lane may be needed for an agent; only an own compare-and-set raises it (L10).
 * O4 An agent whose records cannot be read is owned all the same: claiming it again reads again, and writes nothing.
 */
import { type AgentId, assert, type LaneId, SkepError, type Value } from '@skep/kernel';
import type { Revision } from '@skep/ports';
import type { LaneRecord } from './batch.js';
import type { DirectoryEntry } from './directory-entry.js';
import type { Answer, RequestId, Ticket } from './outputs.js';
import type { Requests } from './requests.js';
import type { Rules } from './rules.js';
import type { Sealer } from './sealer.js';
import { type Held, type Settling, type Stage, stageValue } from './stage.js';
import type { Writer } from './writer.js';

export class Ownership {
  private readonly stages = new Map<AgentId, Stage>();
  private readonly floors = new Map<AgentId, number>();
  /** Who waits for which answer. */
  private readonly asked = new Map<RequestId, AgentId>();

  constructor(
    private readonly writer: Writer,
    private readonly sealer: Sealer,
    private readonly rules: Rules,
    private readonly requests: Requests,
  ) {}

  get lane(): LaneId {
    return this.writer.lane;
  }

  holds(agent: AgentId): boolean {
    return this.stages.get(agent)?.kind === 'held';
  }

  /** The epoch and the number of the last record of a held agent. */
  standing(agent: AgentId): { readonly epoch: number; readonly position: number; readonly acknowledged: number } {
    const held = this.mustHold(agent);
    return { epoch: held.entry.epoch, position: held.position, acknowledged: held.acknowledged };
  }

  claim(agent: AgentId): void {
    const stage = this.stages.get(agent);
    if (stage === undefined) this.read(agent);
    else if (stage.kind === 'stalled') this.recover(agent, stage.entry, stage.revision);
    else if (stage.kind === 'freeing') this.stages.set(agent, { ...stage, claimNext: 'yes' });
  }

  write(agent: AgentId, body: Uint8Array): Ticket {
    const held = this.mustHold(agent);
    const position = held.position + 1;
    const ticket = this.writer.write({ agent, epoch: held.entry.epoch, position, body });
    held.position = position;
    return ticket;
  }

  /** Names a snapshot in the directory and shortens the trail to nothing (L5). False while another settling is under way. */
  settle(agent: AgentId, task: Settling): boolean {
    const held = this.mustHold(agent);
    if (held.settling !== undefined) return false;
    if (task.snapshot.position < (held.entry.snapshot?.position ?? 0)) return false;
    assert(task.snapshot.position <= held.acknowledged, `a snapshot of ${agent} would leave the node before its records were acknowledged (L6)`);
    this.sendSettle(agent, held, task);
    return true;
  }

  /** Lets go of an agent whose records are all acknowledged (L4). False while a settling is under way or records wait. */
  free(agent: AgentId, task: Settling): boolean {
    const held = this.mustHold(agent);
    if (held.settling !== undefined || !this.rules.mayFree(held.position, held.acknowledged)) return false;
    assert(task.snapshot.position === held.acknowledged, `a snapshot of ${agent} that lacks records would free it (L4)`);
    const entry: DirectoryEntry = { ...this.settledEntry(held, task), free: true };
    const request = this.ask(agent, { kind: 'update', agent, entry, expected: held.revision });
    this.stages.set(agent, { kind: 'freeing', held, entry, claimNext: 'no', request });
    return true;
  }

  /** The first batch of this lane that somebody may still need. */
  floor(): number {
    let floor = this.writer.acknowledged + 1;
    for (const needed of this.floors.values()) floor = Math.min(floor, needed);
    return floor;
  }

  acknowledged(records: readonly LaneRecord[]): void {
    for (const { agent, position, epoch } of records) {
      const stage = this.stages.get(agent);
      if (stage?.kind === 'held' && stage.entry.epoch === epoch) stage.acknowledged = position;
    }
  }

  aborted(agents: readonly AgentId[]): void {
    for (const agent of agents) this.stages.delete(agent);
  }

  /** False for an answer that nobody here waits for. */
  answer(request: RequestId, answer: Answer): boolean {
    const agent = this.asked.get(request);
    if (agent === undefined) return false;
    const awaited = this.awaits(request);
    this.asked.delete(request);
    if (awaited) this.onAnswer(agent, answer);
    return true;
  }

  /** False for a request whose agent went on without its answer. */
  awaits(request: RequestId): boolean {
    const agent = this.asked.get(request);
    const stage = agent === undefined ? undefined : this.stages.get(agent);
    if (stage === undefined || stage.kind === 'stalled') return false;
    return (stage.kind === 'held' ? stage.settling?.request : stage.request) === request;
  }

  clone(parts: { readonly writer: Writer; readonly sealer: Sealer; readonly requests: Requests }): Ownership {
    const copy = new Ownership(parts.writer, parts.sealer, this.rules, parts.requests);
    for (const [agent, stage] of this.stages) copy.stages.set(agent, stage.kind === 'held' ? { ...stage } : stage);
    for (const [agent, floor] of this.floors) copy.floors.set(agent, floor);
    for (const [request, agent] of this.asked) copy.asked.set(request, agent);
    return copy;
  }

  inspect(): Value {
    const stages = [...this.stages].map(([agent, stage]) => stageValue(agent, stage));
    return [stages.sort(), [...this.floors].map(([agent, floor]) => [agent, floor]).sort()];
  }

  private onAnswer(agent: AgentId, answer: Answer): void {
    const stage = this.stages.get(agent);
    switch (stage?.kind) {
      case 'reading':
        return this.onEntry(agent, answer);
      case 'claiming':
        return this.onClaimed(agent, stage, answer);
      case 'recovering':
        return this.onRecovered(agent, stage, answer);
      case 'held':
        return this.onSettled(agent, stage, answer);
      case 'freeing':
        return this.onFreed(agent, stage, answer);
      case 'stalled':
      case undefined:
        return;
    }
  }

  private ask(agent: AgentId, request: Parameters<Requests['ask']>[0]): RequestId {
    const id = this.requests.ask(request);
    this.asked.set(id, agent);
    return id;
  }

  private mustHold(agent: AgentId): Held {
    const stage = this.stages.get(agent);
    if (stage?.kind !== 'held') throw new SkepError('internal', { message: 'this node does not hold the agent', id: agent });
    return stage;
  }

  private read(agent: AgentId): void {
    this.stages.set(agent, { kind: 'reading', request: this.ask(agent, { kind: 'get', agent }) });
  }

  private refuse(agent: AgentId, error: SkepError): void {
    this.stages.delete(agent);
    this.requests.tell({ kind: 'refused', agent, why: { kind: 'failed', error } });
  }

  private onEntry(agent: AgentId, answer: Answer): void {
    if (answer.kind === 'failed') return this.refuse(agent, answer.error);
    assert(answer.kind === 'entry', `a directory read got the answer ${answer.kind}`);
    const { entry, revision } = answer;
    if (entry === undefined) return this.sendClaim(agent, this.firstEntry(), 0);
    if (this.rules.ownsByReading(entry, this.lane)) return this.recover(agent, entry, revision);
    if (this.rules.unneededByReading(entry, this.lane)) this.floors.delete(agent);
    const seal = this.sealer.sealOf(entry.owner);
    if (!this.rules.mayClaim(entry, this.lane, seal)) {
      this.stages.delete(agent);
      return this.requests.tell({ kind: 'refused', agent, why: { kind: 'elsewhere', owner: entry.owner } });
    }
    this.sendClaim(agent, this.nextEntry(entry, seal), revision);
  }

  private firstEntry(): DirectoryEntry {
    const { lane, writer } = this;
    return {
      owner: lane,
      since: writer.nextNumber,
      after: writer.lastSequence,
      epoch: 1,
      trail: [],
      snapshot: null,
      cut: 0,
      wake: false,
      free: false,
      tombstone: false,
    };
  }

  /** The entry after a claim: this lane owns from its next batch on, and the former owner's range is closed (L5). */
  private nextEntry(entry: DirectoryEntry, seal: number | undefined): DirectoryEntry {
    const own = entry.owner === this.lane;
    const upTo = own ? this.writer.acknowledged : (seal ?? Number.MAX_SAFE_INTEGER) - 1;
    const closed = { lane: entry.owner, from: entry.since, upTo, epoch: entry.epoch, after: entry.after };
    return {
      ...entry,
      owner: this.lane,
      since: this.writer.nextNumber,
      after: this.writer.lastSequence,
      epoch: entry.epoch + 1,
      trail: entry.free ? entry.trail : this.rules.extendTrail(entry.trail, closed),
      free: false,
    };
  }

  private sendClaim(agent: AgentId, entry: DirectoryEntry, expected: Revision): void {
    const floorBefore = this.floors.get(agent);
    let floor = Math.min(entry.since, floorBefore ?? entry.since);
    for (const range of entry.trail) if (range.lane === this.lane) floor = Math.min(floor, range.from);
    this.floors.set(agent, floor);
    const request = this.ask(agent, { kind: 'update', agent, entry, expected });
    this.stages.set(agent, { kind: 'claiming', entry, floorBefore, request });
  }

  private onClaimed(agent: AgentId, stage: Extract<Stage, { kind: 'claiming' }>, answer: Answer): void {
    switch (answer.kind) {
      case 'updated':
        return this.recover(agent, stage.entry, answer.revision);
      case 'conflict':
        this.restoreFloor(agent, stage.floorBefore);
        return this.read(agent);
      case 'unknown':
        // It may have happened or still happen: only the next compare-and-set of our own settles it (L3).
        return this.read(agent);
      case 'failed':
        this.restoreFloor(agent, stage.floorBefore);
        return this.refuse(agent, answer.error);
      default:
        throw new SkepError('internal', { message: `a claim got the answer ${answer.kind}`, id: agent });
    }
  }

  private restoreFloor(agent: AgentId, floor: number | undefined): void {
    if (floor === undefined) this.floors.delete(agent);
    else this.floors.set(agent, floor);
  }

  private recover(agent: AgentId, entry: DirectoryEntry, revision: Revision): void {
    if (entry.trail.length === 0 && entry.snapshot === null && entry.owner === this.lane && !this.rules.ownsByReading(entry, this.lane)) {
      return this.hold(agent, entry, revision, []);
    }
    const request = this.ask(agent, { kind: 'recover', agent, snapshot: entry.snapshot, ranges: entry.trail });
    this.stages.set(agent, { kind: 'recovering', entry, revision, request });
  }

  private onRecovered(agent: AgentId, stage: Extract<Stage, { kind: 'recovering' }>, answer: Answer): void {
    const { entry, revision } = stage;
    if (answer.kind === 'recovered') return this.hold(agent, entry, revision, answer.records);
    assert(answer.kind === 'damaged' || answer.kind === 'failed', `a recovery got the answer ${answer.kind}`);
    this.stages.set(agent, { kind: 'stalled', entry, revision });
    const why =
      answer.kind === 'damaged' ? ({ kind: 'damaged', message: answer.message } as const) : ({ kind: 'failed', error: answer.error } as const);
    this.requests.tell({ kind: 'refused', agent, why });
  }

  private hold(agent: AgentId, entry: DirectoryEntry, revision: Revision, records: readonly LaneRecord[]): void {
    const position = records[records.length - 1]?.position ?? entry.snapshot?.position ?? 0;
    this.stages.set(agent, { kind: 'held', entry, revision, position, acknowledged: position, settling: undefined });
    this.requests.tell({ kind: 'owned', agent, epoch: entry.epoch, snapshot: entry.snapshot, records });
  }

  private settledEntry(held: Held, task: Settling): DirectoryEntry {
    const since = Math.max(held.entry.since, task.batch);
    return {
      ...held.entry,
      since,
      after: since === held.entry.since ? held.entry.after : this.writer.sequenceBefore(since),
      trail: [],
      snapshot: task.snapshot,
      wake: task.wake,
      tombstone: task.tombstone,
    };
  }

  private sendSettle(agent: AgentId, held: Held, task: Settling): void {
    const entry = this.settledEntry(held, task);
    const request = this.ask(agent, { kind: 'update', agent, entry, expected: held.revision });
    this.stages.set(agent, { ...held, settling: { task, entry, request } });
  }

  private onSettled(agent: AgentId, held: Held, answer: Answer): void {
    const { settling } = held;
    if (settling === undefined) return;
    switch (answer.kind) {
      case 'updated':
        this.floors.set(agent, settling.entry.since);
        this.stages.set(agent, { ...held, entry: settling.entry, revision: answer.revision, settling: undefined });
        return this.requests.tell({ kind: 'settled', agent, position: settling.task.snapshot.position });
      case 'conflict':
      case 'unknown': {
        const request = this.ask(agent, { kind: 'get', agent });
        this.stages.set(agent, { ...held, settling: { ...settling, request } });
        return;
      }
      case 'entry':
        return this.onOwnEntry(agent, held, settling.task, answer);
      case 'failed':
        this.stages.set(agent, { ...held, settling: undefined });
        return this.requests.tell({ kind: 'unsettled', agent, error: answer.error });
      default:
        throw new SkepError('internal', { message: `a settling got the answer ${answer.kind}`, id: agent });
    }
  }

  /** After a settling in doubt: try again at the entry's revision, unless a later epoch shows that somebody else claimed. */
  private onOwnEntry(agent: AgentId, held: Held, task: Settling, answer: Extract<Answer, { kind: 'entry' }>): void {
    const { entry, revision } = answer;
    if (entry !== undefined && this.rules.unneededByReading(entry, this.lane)) this.floors.delete(agent);
    if (entry !== undefined && entry.epoch > held.entry.epoch) {
      this.stages.delete(agent);
      return this.requests.tell({ kind: 'lost', agent });
    }
    this.sendSettle(agent, { ...held, revision }, task);
  }

  private onFreed(agent: AgentId, stage: Extract<Stage, { kind: 'freeing' }>, answer: Answer): void {
    if (answer.kind === 'entry') {
      if (answer.entry !== undefined && this.rules.holdsAfterUnknownFree(answer.entry, this.lane)) {
        this.stages.set(agent, { ...stage.held, revision: answer.revision });
        return;
      }
    } else if (answer.kind === 'updated') {
      this.floors.delete(agent);
    } else if (answer.kind === 'unknown' && this.rules.holdsAfterUnknownFree(stage.held.entry, this.lane)) {
      const request = this.ask(agent, { kind: 'get', agent });
      this.stages.set(agent, { ...stage, request });
      return;
    }
    this.stages.delete(agent);
    this.requests.tell({ kind: 'freed', agent, certain: answer.kind === 'updated' ? 'yes' : 'no' });
    if (stage.claimNext === 'yes') this.read(agent);
  }
}
