/**
 * Serves clients that send their requests in frames: many of them in a message, answers gathered likewise.
 *
 * - D1 What a frame asks for is done once, also when the frame comes twice; a call that is sent again under another number carries its slot.
 * - D2 A client reaches its own tenant's agents alone; the tenant is that of the subject, whatever the frame says (G10).
 * - D3 What a client may say is taken out of its frame by name: a call chain, for one, is none of it.
 * - D4 An answer that another node gave says which, so that the client goes there next time.
 */
import {
  type AgentId,
  checkName,
  type ErrorShape,
  encode,
  parseAgentId,
  parseOperationId,
  SkepError,
  tokenOf,
  toSkepError,
  type Value,
} from '@skep/kernel';
import type { BusMessage } from '@skep/ports';
import { encodePeerItem, type PeerItem } from '@skep/protocol';
import { callOptions, hostCall, type SkepNode } from '@skep/runtime';
import { CALL, checkCommand, isRead } from './agent-commands.js';
import { errorForClients } from './body.js';
import { decodeClientFrame, encodeClientFrame, MESSAGE_BYTES_MAX } from './client-frame.js';
import { Gatherer } from './gatherer.js';
import { DEADLINE_MS_MAX } from './request-headers.js';
import { ServedClient } from './served-client.js';
import type { Traffic } from './traffic.js';

export interface ClientDeskParts {
  readonly node: SkepNode;
  readonly traffic: Traffic;
}

type Ask = Extract<PeerItem, { kind: 'ask' }>;

/** Clients that are remembered; the one that was silent longest goes first. */
const CLIENTS_MAX = 2_048;

export class ClientDesk {
  private readonly clients = new Map<string, ServedClient>();
  private readonly gatherer = new Gatherer<ServedClient>((client, items) => {
    try {
      client.message.reply(encodeClientFrame(this.parts.node.id, items));
    } catch {
      // No way out for now: the client asks again.
    }
  });

  constructor(private readonly parts: ClientDeskParts) {}

  /** Must not throw. */
  onFrame(tenant: string, message: BusMessage): void {
    let frame: ReturnType<typeof decodeClientFrame>;
    try {
      frame = decodeClientFrame(message.payload);
      checkName('client', frame.from);
    } catch (error) {
      // Whose request it was cannot be told: number 0 is nobody's.
      const refusal = encodePeerItem({ kind: 'refusal', number: 0, error: errorForClients(error) });
      message.reply(encodeClientFrame(this.parts.node.id, [refusal]));
      return;
    }
    const client = this.clientOf(tenant, frame.from, message);
    for (const item of frame.items) if (item.kind === 'ask') this.onAsk(client, item);
  }

  /** What was answered and has not left yet leaves. */
  flush(): void {
    this.gatherer.flush();
  }

  private clientOf(tenant: string, from: string, message: BusMessage): ServedClient {
    const key = `${tokenOf('tenant', tenant)} ${from}`;
    const client = this.clients.get(key) ?? new ServedClient(tenant, message);
    client.message = message;
    this.clients.delete(key);
    this.clients.set(key, client);
    const oldest = this.clients.keys().next().value;
    if (this.clients.size > CLIENTS_MAX && oldest !== undefined) this.clients.delete(oldest);
    return client;
  }

  private onAsk(client: ServedClient, ask: Ask): void {
    const kept = client.answerOf(ask.number);
    if (kept !== undefined) {
      kept.then((item) => this.gatherer.add(client, item));
      return;
    }
    if (!client.isNew(ask.number)) return;
    const answered = this.answer(client, ask);
    if (ask.method !== CALL && !isRead(ask.method)) client.keep(ask.number, answered);
    answered.then((item) => {
      this.gatherer.add(client, item);
      this.tellPlace(client, ask.agent);
    });
  }

  /** The item that answers; never rejects. */
  private async answer({ tenant }: ServedClient, ask: Ask): Promise<Uint8Array> {
    const { number } = ask;
    try {
      const leave = this.parts.traffic.enter(tenant);
      try {
        const item = encodePeerItem({ kind: 'answer', number, result: await this.perform(tenant, ask) });
        if (item.length <= MESSAGE_BYTES_MAX) return item;
        throw new SkepError('payload-too-large', {
          message: `the answer has ${item.length} bytes, a message holds ${MESSAGE_BYTES_MAX}`,
          id: ask.agent,
          remedy: 'Ask for less: a shorter range, or a query that returns a part.',
        });
      } finally {
        leave();
      }
    } catch (thrown) {
      return encodePeerItem({ kind: 'refusal', number, error: clientError(thrown) });
    }
  }

  private async perform(tenant: string, { agent, method, parameters, waitMs }: Ask): Promise<Value> {
    const { node } = this.parts;
    const address = parseAgentId(agent);
    if (address.tenant !== tenant) throw new SkepError('forbidden', { message: `agents of ${tenant} alone can be reached here`, id: agent });
    const timeMs = Math.min(Math.max(1, waitMs), DEADLINE_MS_MAX);
    if (method !== CALL) {
      checkCommand(method, agent);
      return node.request({ agent, method, parameters }, timeMs);
    }
    const [name, input = null, options] = parameters;
    if (typeof name !== 'string') throw new SkepError('malformed', { message: 'a call names its method', id: agent });
    const read = node.host.isQuery(address.kind, name);
    const reply = (await node.request({ agent, method, parameters: [name, input, clientOptions(options)] }, timeMs)) as object;
    return read ? { ...reply, read } : (reply as Value);
  }

  private tellPlace(client: ServedClient, agent: AgentId): void {
    const { node } = this.parts;
    // D2: where another tenant's agents are, and whether there are any, is nothing for this client.
    if (!agent.startsWith(`${tokenOf('tenant', client.tenant)}/`)) return;
    if (node.host.roster.find(agent) !== undefined) return;
    const at = node.company?.metAt(agent);
    if (at !== undefined && at !== node.id) this.gatherer.add(client, encodePeerItem({ kind: 'whereabouts', agent, incarnation: at }));
  }
}

/** D3. @throws SkepError `malformed`, `invalid-id` */
function clientOptions(options: Value | undefined): Value {
  const { slot, expectedVersion, correlation } = hostCall(options);
  if (slot?.kind === 'operation') parseOperationId(slot.id);
  else if (slot !== undefined) checkName('session', slot.id);
  if (correlation !== undefined && correlation !== null) checkName('correlation', correlation);
  return callOptions({
    ...(slot === undefined ? {} : { slot }),
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
    ...(correlation === undefined ? {} : { correlation }),
  });
}

/** Our own clients act on every code, also on those that say nothing to people; the message stays where it belongs. */
function clientError(thrown: unknown): ErrorShape {
  const shape = errorForClients(toSkepError(thrown));
  try {
    encode(shape);
    return shape;
  } catch {
    return errorForClients(new SkepError('internal', { message: 'an error could not be written' }));
  }
}
