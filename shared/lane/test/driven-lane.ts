/** A lane whose outputs a test reads and answers one by one. */
import { type AgentId, agentId, type HashHex, type LaneId, SkepError } from '@skep/kernel';
import {
  type Answer,
  type DirectoryEntry,
  Lane,
  type LaneEvent,
  type LaneOutput,
  type LaneRequest,
  type Rules,
  type Settling,
  type Ticket,
} from '../src/index.js';

export const ME = 'main/1/me' as LaneId;
export const OTHER = 'main/1/other' as LaneId;
export const A: AgentId = agentId({ tenant: 'default', kind: 'bee', name: 'a' });
export const B: AgentId = agentId({ tenant: 'default', kind: 'bee', name: 'b' });

export const DISK_FULL: SkepError = new SkepError('disk-full', { message: 'the disk is full' });
export const UNREADABLE: SkepError = new SkepError('corrupt', { message: 'the file is damaged' });

export type RequestOf<Kind extends LaneRequest['kind']> = Extract<LaneRequest, { kind: Kind }>;
export type EventOf<Kind extends LaneEvent['kind']> = Extract<LaneEvent, { kind: Kind }>;

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function snapshotAt(position: number, batch: number): Settling {
  return { snapshot: { position, version: position, blob: `blob${position}` as HashHex }, batch, wake: false, tombstone: false };
}

export function entryOf(fields: Partial<DirectoryEntry>): DirectoryEntry {
  return {
    ...{ owner: OTHER, since: 1, after: 0, epoch: 1, trail: [], snapshot: null },
    ...{ cut: 0, wake: false, free: false, tombstone: false },
    ...fields,
  };
}

export class DrivenLane {
  readonly lane: Lane;
  /** Everything that came out, in order. */
  readonly outputs: LaneOutput[] = [];
  private readonly unanswered: LaneRequest[] = [];

  constructor(options: { readonly exclusive?: boolean; readonly rules?: Rules } = {}) {
    this.lane = new Lane({ lane: ME, exclusive: false, ...options });
  }

  /** What the act made the lane put out. */
  after(act: (lane: Lane) => void): readonly LaneOutput[] {
    act(this.lane);
    const taken = this.lane.take();
    this.outputs.push(...taken);
    for (const output of taken) if ('request' in output) this.unanswered.push(output);
    return taken;
  }

  /** Answers the oldest unanswered request of that kind. */
  answer(kind: LaneRequest['kind'], answer: Answer): readonly LaneOutput[] {
    const { request } = this.waiting(kind);
    this.unanswered.splice(
      this.unanswered.findIndex((each) => each.request === request),
      1,
    );
    return this.after((lane) => lane.answer(request, answer));
  }

  /** The oldest unanswered request of that kind. */
  waiting<Kind extends LaneRequest['kind']>(kind: Kind): RequestOf<Kind> {
    const found = this.unanswered.find((each) => each.kind === kind);
    if (found === undefined) throw new Error(`no ${kind} waits; there are ${this.unanswered.map((each) => each.kind).join(', ') || 'none'}`);
    return found as RequestOf<Kind>;
  }

  get waitingKinds(): readonly string[] {
    return this.unanswered.map((each) => each.kind);
  }

  events<Kind extends LaneEvent['kind']>(kind: Kind): readonly EventOf<Kind>[] {
    return this.outputs.filter((output): output is EventOf<Kind> => output.kind === kind);
  }

  /** Makes the lane hold an agent that never was anywhere. */
  hold(agent: AgentId = A): this {
    this.after((lane) => lane.claim(agent));
    this.answer('get', { kind: 'entry', entry: undefined, revision: 0 });
    this.answer('update', { kind: 'updated', revision: 1 });
    return this;
  }

  /** Writes and sends, and leaves the append unanswered. */
  send(text: string, agent: AgentId = A): Ticket {
    let ticket = 0;
    this.after((lane) => {
      ticket = lane.write(agent, bytesOf(text));
      lane.flush();
    });
    return ticket;
  }

  /** Writes a record that is acknowledged at once, at the sequence of its batch. */
  commit(text: string, agent: AgentId = A): Ticket {
    const ticket = this.send(text, agent);
    this.answer('append', { kind: 'appended', sequence: this.lane.acknowledgedBatch + 1 });
    return ticket;
  }
}
