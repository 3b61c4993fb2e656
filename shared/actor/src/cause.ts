import type { Cause } from '@skep/protocol';
import type { Message } from './message.js';

/** What a record says made it. */
export function causeOf(message: Message): Cause {
  switch (message.kind) {
    case 'call':
      return { kind: 'call', operation: message.slot?.kind === 'operation' ? message.slot.id : null };
    case 'delivery':
      return { kind: 'message', from: message.from, sequence: message.sequence };
    case 'timer':
      return { kind: 'timer', name: message.name };
    case 'resumption':
      return message.begun.cause;
    case 'command':
    case 'mark':
    case 'housekeeping':
      return { kind: 'control', operation: null };
  }
}
