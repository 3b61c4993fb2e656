import { describe, expect, it } from 'vitest';
import { mayAnswer } from '../src/index.js';

describe('where an answer may go (B1)', () => {
  it.each([
    ['skep.acme.main.call.order.1.pay', '_INBOX.acme.x.r.1', true],
    ['skep.acme.main.call.order.1.pay', '_INBOX.acme2.x.r.1', false],
    ['skep.acme.main.call.order.1.pay', '_INBOX.NODE.x.r.1', false],
    ['skep.acme.main.call.order.1.pay', '_INBOX.acme', false],
    ['skep.acme.main.call.order.1.pay', '_skep.main.peer.n1', false],
    ['skep.acme.main.call.order.1.pay', '$JS.API.STREAM.DELETE._skep-log-0', false],
    ['skep.acme.main.call.order.1.pay', '_INBOX.acme.*', false],
    ['skep.acme', '_INBOX.acme.x', false],
    ['skep.acme.main.agent.order.1.get', '_INBOX.OPERATOR.x.r.1', true],
    ['_skep.main.peer.n1', '_INBOX.NODE.x.r.1', true],
    ['_skep.main.peer.n1', '_skep.main.peer.n2', false],
    ['_skep.main.peer.n1', 'x_INBOX.NODE.x', false],
    ['_skep.main.peer.n1', '_INBOX.NODE x', false],
  ])('%s with reply subject %s: %s', (subject, reply, allowed) => {
    expect(mayAnswer(subject, reply)).toBe(allowed);
  });
});
