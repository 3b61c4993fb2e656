/** Whether a message may have its turn: status, duplicates, order, expected version. Pure: it reads the agent and changes nothing. */
import { type AgentId, ERRORS, type ErrorCode, SkepError, toSkepError, type Value } from '@skep/kernel';
import type { AgentStatus, RecordEvent } from '@skep/protocol';
import type { Activation } from './activation.js';
import type { Call, Caller, Command, Delivery, Mark, Message } from './message.js';
import { copyOf } from './method.js';
import type { TurnMessage } from './turn.js';

export type Admission =
  | { readonly kind: 'run'; readonly message: TurnMessage }
  | { readonly kind: 'command'; readonly command: Command }
  | { readonly kind: 'reached'; readonly mark: Mark }
  /** The call ran before: the same answer again. */
  | { readonly kind: 'answer'; readonly caller: Caller; readonly value: Value; readonly version: number }
  | { readonly kind: 'refuse'; readonly caller: Caller; readonly error: SkepError }
  /** The message was taken before: its sender may forget it. */
  | { readonly kind: 'taken'; readonly from: AgentId; readonly sequence: number }
  /** Take the message without running it, and say so in the log. */
  | { readonly kind: 'note'; readonly message: Delivery; readonly event: RecordEvent }
  /** A message that comes again: its sender keeps it. */
  | { readonly kind: 'return'; readonly from: AgentId; readonly why: 'parked' | 'gap' }
  | { readonly kind: 'ignore' };

const REFUSALS: { readonly [Status in Exclude<AgentStatus, 'active'>]: ErrorCode } = {
  suspended: 'agent-suspended',
  stopped: 'agent-stopped',
  quarantined: 'agent-quarantined',
  terminated: 'agent-terminated',
};

export function admit(activation: Activation, message: Message, nowMs: number): Admission {
  switch (message.kind) {
    case 'call':
      return admitCall(activation, message, nowMs);
    case 'delivery':
      return admitDelivery(activation, message);
    case 'timer': {
      const timer = activation.ready.timers.get(message.name);
      return timer?.atMs === message.atMs && activation.ready.status === 'active' ? { kind: 'run', message } : { kind: 'ignore' };
    }
    case 'resumption':
      return { kind: 'run', message };
    case 'command':
      return { kind: 'command', command: message };
    case 'mark':
      return { kind: 'reached', mark: message };
    case 'housekeeping':
      return { kind: 'ignore' };
  }
}

function admitCall(activation: Activation, message: Call, nowMs: number): Admission {
  const { ready, agent } = activation;
  const { caller, slot, body, expectedVersion } = message;
  try {
    if (slot !== null && body !== null) {
      const known = ready.replies.lookup({ slot, body, nowMs, by: message.chain.length > 0 ? 'agent' : 'client' });
      if (known.kind === 'known') return { kind: 'answer', caller, value: copyOf(known.answer.value), version: known.answer.version };
    }
    if (ready.status !== 'active') {
      const code = REFUSALS[ready.status];
      throw new SkepError(code, { message: `the agent is ${ready.status}`, id: agent, remedy: ERRORS[code].remedy });
    }
    if (expectedVersion !== undefined && expectedVersion !== ready.version) {
      throw new SkepError('version-conflict', { message: `version ${expectedVersion} was expected, the agent is at ${ready.version}`, id: agent });
    }
    return { kind: 'run', message };
  } catch (error) {
    return { kind: 'refuse', caller, error: toSkepError(error) };
  }
}

function admitDelivery(activation: Activation, message: Delivery): Admission {
  const { ready } = activation;
  const cursor = ready.cursors.get(message.from) ?? 0;
  if (message.sequence <= cursor) return { kind: 'taken', from: message.from, sequence: cursor };
  if (message.sequence !== cursor + 1) return { kind: 'return', from: message.from, why: 'gap' };
  switch (ready.status) {
    case 'active':
      return { kind: 'run', message };
    case 'terminated':
      return {
        kind: 'note',
        message,
        event: { type: 'message refused', data: { from: message.from, method: message.method, why: 'agent-terminated' }, edits: [] },
      };
    case 'suspended':
    case 'stopped':
    case 'quarantined':
      // It stays in its sender's outbox, and comes again when the agent is resumed.
      return { kind: 'return', from: message.from, why: 'parked' };
  }
}
