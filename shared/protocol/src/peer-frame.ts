/**
 * Frames: what one node says to another. A frame is a header and any number of items, each a canonical value of its own, so that items
 * are encoded once and gathered until the frame leaves.
 *
 *   [format, from], item, item, ...
 *
 * P1 A frame may be lost, doubled or late. What must not be lost is kept by its sender until the other side said that it has it.
 */
import { type AgentId, decodePrefix, type ErrorShape, encode, type IncarnationId, SkepError, type Value } from '@skep/kernel';
import type { SendItem } from './record.js';

export const FRAME_FORMAT = 1;

/** Why a message was not taken: no room, an earlier one is missing, the agent takes none for now, another node holds it. */
export type NotTaken = 'full' | 'gap' | 'parked' | 'elsewhere';

export type PeerItem =
  /** A message from an agent to an agent; its sender keeps it until it is taken. */
  | { readonly kind: 'delivery'; readonly from: AgentId; readonly item: SendItem }
  /** The receiver's record is acknowledged up to this sequence. */
  | { readonly kind: 'taken'; readonly from: AgentId; readonly to: AgentId; readonly sequence: number }
  | { readonly kind: 'returned'; readonly from: AgentId; readonly to: AgentId; readonly why: NotTaken }
  /** A request for an agent; answered by its number. `waitMs`: how long its sender waits. */
  | {
      readonly kind: 'ask';
      readonly number: number;
      readonly agent: AgentId;
      readonly method: string;
      readonly parameters: readonly Value[];
      readonly waitMs: number;
    }
  | { readonly kind: 'answer'; readonly number: number; readonly result: Value }
  | { readonly kind: 'refusal'; readonly number: number; readonly error: ErrorShape }
  /** Where an agent is, as far as the sender of the frame knows. */
  | { readonly kind: 'whereabouts'; readonly agent: AgentId; readonly incarnation: IncarnationId }
  /** The agents have something to do and nobody holds them. */
  | { readonly kind: 'wake'; readonly agents: readonly AgentId[] };

const KINDS = ['delivery', 'taken', 'returned', 'ask', 'answer', 'refusal', 'whereabouts', 'wake'] as const;

export function encodePeerItem(item: PeerItem): Uint8Array {
  const kind = KINDS.indexOf(item.kind);
  switch (item.kind) {
    case 'delivery': {
      const { to, sequence, method, input, correlation } = item.item;
      return encode([kind, item.from, to, sequence, method, input, correlation]);
    }
    case 'taken':
      return encode([kind, item.from, item.to, item.sequence]);
    case 'returned':
      return encode([kind, item.from, item.to, item.why]);
    case 'ask':
      return encode([kind, item.number, item.agent, item.method, item.parameters, item.waitMs]);
    case 'answer':
      return encode([kind, item.number, item.result]);
    case 'refusal':
      return encode([kind, item.number, item.error]);
    case 'whereabouts':
      return encode([kind, item.agent, item.incarnation]);
    case 'wake':
      return encode([kind, item.agents]);
  }
}

export function encodeFrame(from: IncarnationId, items: readonly Uint8Array[]): Uint8Array {
  const header = encode([FRAME_FORMAT, from]);
  const frame = new Uint8Array(items.reduce((sum, item) => sum + item.length, header.length));
  frame.set(header);
  let at = header.length;
  for (const item of items) {
    frame.set(item, at);
    at += item.length;
  }
  return frame;
}

/** @throws SkepError `malformed`, `unsupported-format`, `payload-too-large` for more than `itemsMax` items */
export function decodeFrame(
  bytes: Uint8Array,
  itemsMax = Number.POSITIVE_INFINITY,
): { readonly from: IncarnationId; readonly items: readonly PeerItem[] } {
  const header = decodePrefix(bytes, 0);
  const [format, from] = Array.isArray(header.value) ? (header.value as readonly Value[]) : [];
  if (typeof format === 'number' && format > FRAME_FORMAT) {
    throw new SkepError('unsupported-format', { message: `a frame has format ${format}, this Skep reads up to ${FRAME_FORMAT}` });
  }
  if (format !== FRAME_FORMAT || typeof from !== 'string') throw malformed('its header is not [format, incarnation]');
  const items: PeerItem[] = [];
  for (let at = header.end, count = 0; at < bytes.length; count += 1) {
    if (count >= itemsMax) {
      throw new SkepError('payload-too-large', { message: `a frame has more than ${itemsMax} items`, remedy: 'Send them in several frames.' });
    }
    const { value, end } = decodePrefix(bytes, at);
    const item = readItem(value);
    if (item !== undefined) items.push(item);
    at = end;
  }
  return { from: from as IncarnationId, items };
}

/** Undefined for a kind that only a newer Skep knows. */
function readItem(value: Value): PeerItem | undefined {
  if (!Array.isArray(value) || typeof value[0] !== 'number') throw malformed('an item is a list that begins with its kind');
  const [kind, a, b, c, d, e, f] = value as readonly Value[];
  switch (KINDS[kind as number]) {
    case 'delivery':
      if (!isText(a) || !isText(b) || !isNumber(c) || !isText(d) || e === undefined || (f !== null && !isText(f))) throw malformed('a delivery');
      return { kind: 'delivery', from: a as AgentId, item: { to: b as AgentId, sequence: c, method: d, input: e, correlation: f } };
    case 'taken':
      if (!isText(a) || !isText(b) || !isNumber(c)) throw malformed('a message taken');
      return { kind: 'taken', from: a as AgentId, to: b as AgentId, sequence: c };
    case 'returned':
      if (!isText(a) || !isText(b) || !isText(c)) throw malformed('a message returned');
      return { kind: 'returned', from: a as AgentId, to: b as AgentId, why: c as NotTaken };
    case 'ask':
      if (!isNumber(a) || !isText(b) || !isText(c) || !Array.isArray(d) || !isNumber(e)) throw malformed('a request');
      return { kind: 'ask', number: a, agent: b as AgentId, method: c, parameters: d, waitMs: e };
    case 'answer':
      if (!isNumber(a) || b === undefined) throw malformed('an answer');
      return { kind: 'answer', number: a, result: b };
    case 'refusal':
      if (!isNumber(a) || typeof b !== 'object' || b === null || !('error' in b)) throw malformed('a refusal');
      return { kind: 'refusal', number: a, error: b as unknown as ErrorShape };
    case 'whereabouts':
      if (!isText(a) || !isText(b)) throw malformed('whereabouts');
      return { kind: 'whereabouts', agent: a as AgentId, incarnation: b as IncarnationId };
    case 'wake':
      if (!Array.isArray(a) || !a.every(isText)) throw malformed('a list of agents to wake');
      return { kind: 'wake', agents: a as AgentId[] };
    case undefined:
      return undefined;
  }
}

function isText(value: Value | undefined): value is string {
  return typeof value === 'string';
}

function isNumber(value: Value | undefined): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function malformed(what: string): SkepError {
  return new SkepError('malformed', { message: `a frame of a node cannot be read: ${what}` });
}
