/**
 * Puts records into the lane and applies them to the state, in this order of care:
 *
 * C1 What cannot be applied is never written: it would stop every recovery of the agent.
 * C2 What the lane refuses is not applied: state and log agree (G1).
 */
import { type AgentId, SkepError, tick } from '@skep/kernel';
import { type AgentRecord, type Cause, encodeRecord, type RecordEvent, type RecordRest, type TurnRecord } from '@skep/protocol';
import { heldStates, type RetainedAgent, type RetainedVersions, type Tree } from '@skep/state';
import type { Activation } from './activation.js';
import type { ActorState } from './actor-state.js';
import { causeOf } from './cause.js';
import type { Gate } from './gate.js';
import type { HostOptions } from './host-options.js';
import type { Message } from './message.js';
import { withOrigin } from './origin.js';
import { withoutExpired } from './superpose/superposition-plan.js';
import type { TurnEffects } from './turn-effects.js';

/**
 * Versions that were the newest for this long stay in memory. Of an agent that changes more often every so-manieth does: keeping all of
 * them costs a fourth of its turns, since what is kept outlives the young generation of the heap.
 */
const KEPT_AFTER_MS = 1_000;
const KEPT_EVERY = 32;

export class Recorder {
  /** All records since the start, and their bytes. */
  records = 0;
  bytes = 0;

  constructor(
    private readonly options: HostOptions,
    private readonly gate: Gate,
    private readonly retained: RetainedVersions,
    private readonly effects: Pick<TurnEffects, 'taken' | 'committed'>,
  ) {}

  /** Adds what the agent's receivers have taken to a turn's record. @throws SkepError `payload-too-large`, `sealed`, `corrupt` */
  write(activation: Activation, given: AgentRecord, tree?: Tree): number {
    const { taken, ready, agent } = activation;
    const takes = given.kind === 'turn' && taken.size > 0;
    const taking = takes ? { ...given, rest: { ...given.rest, taken: [...taken] } } : given;
    const whole = ready.superpositions.size > 0 ? withoutExpired(taking, ready.superpositions) : taking;
    const record = activation.position === 0 ? withOrigin(whole, ready.tree) : whole;
    const body = encodeRecord(record);
    const { recordBytes } = this.options.limits;
    if (body.length > recordBytes) {
      const isFirst = activation.position === 0;
      throw new SkepError('payload-too-large', {
        message: `the turn's record has ${body.length} bytes${isFirst ? ' with the initial state' : ''}, the limit is ${recordBytes}`,
        id: agent,
        remedy: `Change less in one turn, or keep large values outside${isFirst ? '; an initial state is written once, with the first turn' : ''}.`,
      });
    }
    ready.check(record);
    const ticket = this.options.lane.write(agent, body);
    this.gate.draw(ticket);
    const { version, clock, superpositions } = ready;
    ready.apply(record, tree);
    if (activation.versions !== undefined) {
      if (ready.version !== version) this.retain(activation.versions, ready, record.ms - clock.ms);
      if (ready.superpositions !== superpositions) this.retained.putBeside(activation.versions, heldStates(ready.superpositions));
    }
    if (takes) taken.clear();
    activation.lastTicket = ticket;
    activation.position += 1;
    activation.tail.push(body);
    activation.tailBytes += body.length;
    this.records += 1;
    this.bytes += body.length;
    return ticket;
  }

  /** @param livedMs how long the version before was the newest */
  private retain(versions: RetainedAgent, { version, tree }: ActorState, livedMs: number): void {
    if (livedMs >= KEPT_AFTER_MS || version % KEPT_EVERY === 0) this.retained.keep(versions, version, tree);
    else this.retained.replace(versions, version, tree);
  }

  /** A record without a handler: commands, housekeeping, what follows a failure. Returns the ticket to wait for. */
  plain(activation: Activation, message: Message, events: readonly RecordEvent[], rest: RecordRest, tree?: Tree): number {
    const { ready } = activation;
    const clock = tick(ready.clock, this.options.clock.nowMs());
    const changed = events.some((event) => event.edits.length > 0);
    const record: TurnRecord = {
      kind: 'turn',
      version: ready.version + (changed ? 1 : 0),
      ms: clock.ms,
      counter: clock.counter,
      cause: causeOf(message),
      correlation: message.kind === 'delivery' ? message.correlation : null,
      events,
      rest,
    };
    const ticket = this.write(activation, record, tree);
    this.taken(activation, record.cause, ticket);
    this.effects.committed(activation, record, undefined);
    return ticket;
  }

  /** Tells the sender of the message that caused a record, once it is acknowledged. */
  taken({ agent }: Activation, cause: Cause, ticket: number): void {
    if (cause.kind !== 'message') return;
    const delivery: { readonly from: AgentId; readonly to: AgentId; readonly sequence: number } = {
      from: cause.from,
      to: agent,
      sequence: cause.sequence,
    };
    this.gate.hold(ticket, { release: () => this.effects.taken(delivery), abort: () => {} });
  }
}
