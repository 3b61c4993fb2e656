/**
 * The gateway of one node: what anybody can ask who speaks NATS, with JSON or MessagePack and a few headers.
 *
 * - W1 Every request is answered once: with what it asked for, or with `{"error":{code,message,id,remedy}}`, in the form in which it came.
 * - W2 What is refused has reached nothing (G13). The tenant is that of the subject alone (G10).
 * - W3 What requests make the node hold is bounded: by number, by size, by time.
 */
import { type AgentId, type IncarnationId, LIMITS, SkepError, type Value } from '@skep/kernel';
import type { BusMessage } from '@skep/ports';
import type { Subjects } from '@skep/protocol';
import { callOptions, type SkepNode } from '@skep/runtime';
import type { Reply } from '../client.js';
import { overdue } from '../overdue.js';
import { CALL, checkCommand } from './agent-commands.js';
import { decodeBody, encodeBody, errorForClients, type Form, formOf } from './body.js';
import type { ClientDesk } from './client-desk.js';
import { MESSAGE_BYTES_MAX } from './client-frame.js';
import { contentTypeOf, type RequestHeaders, readHeaders } from './request-headers.js';
import type { SwarmCommands } from './swarm-commands.js';
import type { Traffic } from './traffic.js';

export interface GatewayParts {
  readonly node: SkepNode;
  readonly subjects: Subjects;
  readonly desk: ClientDesk;
  readonly swarm: SwarmCommands;
  readonly traffic: Traffic;
  readonly payloadBytes?: number;
}

/** All nodes share it: each request goes to one of them. */
const QUEUE = 'skep';

interface Answered {
  readonly tenant: string;
  readonly what: string;
  readonly work: () => Promise<unknown>;
}

export class Gateway {
  private unqueue: (() => void)[] = [];
  private unsubscribe: (() => void) | undefined;

  constructor(private readonly parts: GatewayParts) {}

  /** Takes its share of the requests that name no node. */
  open(): void {
    const { node, subjects } = this.parts;
    if (this.unqueue.length > 0) return;
    this.unqueue = subjects.requests.map((pattern) => node.ports.bus.subscribe(pattern, (message) => this.onRequest(message), { queue: QUEUE }));
  }

  /** Leaves such requests to others; clients that know this node still reach it. */
  leaveQueue(): void {
    for (const leave of this.unqueue.splice(0)) leave();
  }

  /** From now on clients reach this incarnation under its own subject, and no earlier one. */
  listen(incarnation: IncarnationId): void {
    const { node, subjects, desk } = this.parts;
    this.unsubscribe?.();
    this.unsubscribe = node.ports.bus.subscribe(subjects.nodeOfAll(incarnation), (message) => {
      try {
        const { tenant } = subjects.parse(message.subject);
        desk.onFrame(tenant, message);
      } catch {
        // A subject whose tenant is no name: nobody is behind it.
      }
    });
  }

  stop(): void {
    this.leaveQueue();
    this.unsubscribe?.();
    this.unsubscribe = undefined;
    this.parts.desk.flush();
  }

  private onRequest(message: BusMessage): void {
    let answerForm: Form = 'json';
    let asked: Answered & { readonly headers: RequestHeaders };
    try {
      const form = formOf(message.payload, contentTypeOf(message.headers));
      if (form !== 'unknown') answerForm = form;
      asked = this.read(message, form);
    } catch (error) {
      return answer(message, answerForm, errorForClients(error));
    }
    const { clock } = this.parts.node.ports;
    const { deadlineMs } = asked.headers;
    let over = false;
    const once = (value: unknown): void => {
      if (over) return;
      over = true;
      cancel();
      answer(message, answerForm, value);
    };
    const cancel = clock.setTimer(deadlineMs, () => once(errorForClients(overdue(asked.what, deadlineMs))));
    this.run(asked).then(once, (error) => once(errorForClients(error)));
  }

  private async run({ tenant, work }: Answered): Promise<unknown> {
    const leave = this.parts.traffic.enter(tenant);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Everything that can be refused by looking at it. @throws SkepError */
  private read(message: BusMessage, form: Form | 'unknown'): Answered & { readonly headers: RequestHeaders } {
    const { subjects, node, swarm, payloadBytes = LIMITS.payloadBytes } = this.parts;
    const { payload } = message;
    const request = subjects.parse(message.subject);
    const { tenant } = request;
    if (form === 'unknown') {
      throw new SkepError('malformed', {
        message: 'the content type is neither JSON nor MessagePack',
        id: String(contentTypeOf(message.headers)).slice(0, 64),
        remedy: 'Send application/json or application/msgpack, or leave the header out.',
      });
    }
    if (payload.length > payloadBytes) {
      throw new SkepError('payload-too-large', {
        message: `the payload has ${payload.length} bytes, the limit is ${payloadBytes}`,
        id: message.subject.slice(0, 128),
      });
    }
    const headers = readHeaders(message.headers, node.ports.clock.nowMs());
    const body = decodeBody(form, payload);
    if (request.kind === 'call') {
      const what = `${request.method} of ${request.agent}`;
      return { tenant, headers, what, work: () => this.call(request.agent, request.method, body, headers) };
    }
    refuseCallHeaders(headers);
    if (request.kind === 'swarm') {
      return { tenant, headers, what: request.command, work: () => swarm.perform(tenant, request.command, body) };
    }
    if (request.kind !== 'agent') throw new SkepError('malformed', { message: 'this subject is no request', id: message.subject.slice(0, 128) });
    const { agent, command } = request;
    checkCommand(command, agent);
    const parameters = body ?? [];
    if (!Array.isArray(parameters)) {
      throw new SkepError('malformed', { message: `${command} takes a list of its arguments`, id: agent, remedy: 'Send a list, or nothing.' });
    }
    const work = (): Promise<Value> => node.request({ agent, method: command, parameters: parameters as readonly Value[] }, headers.deadlineMs);
    return { tenant, headers, what: `${command} of ${agent}`, work };
  }

  private async call(
    agent: AgentId,
    method: string,
    input: Value,
    { slot, expectedVersion, correlation, deadlineMs }: RequestHeaders,
  ): Promise<Reply> {
    const options = callOptions({
      ...(slot === undefined ? {} : { slot }),
      ...(expectedVersion === undefined ? {} : { expectedVersion }),
      ...(correlation === undefined ? {} : { correlation }),
    });
    const reply = await this.parts.node.request({ agent, method: CALL, parameters: [method, input, options] }, deadlineMs);
    const { value, version, level } = reply as unknown as Reply;
    return { value, version, level };
  }
}

/** Who sends them to a command believes in a promise that commands do not make. @throws SkepError `invalid-input` */
function refuseCallHeaders({ slot, expectedVersion }: RequestHeaders): void {
  if (slot === undefined && expectedVersion === undefined) return;
  throw new SkepError('invalid-input', {
    message: 'Skep-Op, Skep-Session and Skep-Version belong to calls',
    id: 'Skep-Op',
    remedy: 'Leave them out of commands.',
  });
}

/** W1: also when the answer cannot be written, or is too long to be sent. */
function answer(message: BusMessage, form: Form, value: unknown): void {
  try {
    const bytes = encodeBody(form, value);
    if (bytes.length > MESSAGE_BYTES_MAX) {
      throw new SkepError('payload-too-large', {
        message: `the answer has ${bytes.length} bytes, a message holds ${MESSAGE_BYTES_MAX}`,
        id: message.subject.slice(0, 128),
        remedy: 'Ask for less: a shorter range, or a query that returns a part.',
      });
    }
    message.reply(bytes);
  } catch (error) {
    try {
      message.reply(encodeBody(form, errorForClients(error)));
    } catch {
      // No way out: whoever asked hears that time is up.
    }
  }
}
