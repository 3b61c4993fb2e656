/** What the adapters make of answers that real servers give rarely: from a script. */
import { systemClock } from '@skep/embedded';
import { codeOfRejection } from '@skep/ports/conformance';
import { describe, expect, it } from 'vitest';
import { JetStream } from '../src/jetstream.js';
import type { Answer, Link } from '../src/link.js';
import { NatsLog } from '../src/nats-log.js';
import { lane } from './ports-kit.js';

const says = (body: unknown): Answer => ({ kind: 'answer', message: { string: () => JSON.stringify(body) } }) as Answer;
const nobody: Answer = { kind: 'nobody' };
const silence: Answer = { kind: 'lost', why: 'timeout' };

/** Answers by what a subject names; direct reads have no listeners. */
function scripted(answers: Readonly<Record<string, readonly Answer[]>>) {
  const asked: string[] = [];
  const link = {
    ask: async (subject: string): Promise<Answer> => {
      const verb = /^\$JS\.API\.(.+?)\.(?:r|stream)/.exec(subject)?.[1] ?? subject;
      asked.push(verb);
      return verb === 'DIRECT.GET' ? nobody : (answers[verb]?.[asked.filter((each) => each === verb).length - 1] ?? silence);
    },
  } as unknown as Link;
  return { asked, jetstream: new JetStream(link, 10) };
}

describe('a read from any server, of a stream so new that none listens for it', () => {
  it('is answered by the leader', async () => {
    const { asked, jetstream } = scripted({ 'STREAM.MSG.GET': [says({ message: { subject: 's', seq: 7, data: 'AQI=' } })] });
    expect(await jetstream.lastFromAny('stream', 's')).toMatchObject({ subject: 's', sequence: 7, bytes: Uint8Array.of(1, 2) });
    expect(asked).toEqual(['DIRECT.GET', 'STREAM.MSG.GET']);
  });

  it('finds nothing where there is nothing', async () => {
    const { jetstream } = scripted({ 'STREAM.MSG.GET': [says({ error: { code: 404, err_code: 10037, description: 'no message found' } })] });
    expect(await jetstream.lastFromAny('stream', 's')).toBeUndefined();
  });

  it('is unavailable without a leader', async () => {
    expect(await codeOfRejection(scripted({}).jetstream.lastFromAny('stream', 's'))).toBe('unavailable');
  });
});

describe('a trim that is not answered', () => {
  const options = { clock: systemClock, root: 'r', shards: 1, replicas: 3, level: 'fsync', settleMs: 30, writeId: () => 'w' } as const;
  const last = [says({ message: { subject: 's', seq: 9 } })];

  it('is asked again: done twice is done once', async () => {
    const { asked, jetstream } = scripted({ 'STREAM.MSG.GET': last, 'STREAM.PURGE': [silence, silence, says({ success: true })] });
    await new NatsLog({ ...options, jetstream }).trim(lane('a'), 5);
    expect(asked.filter((verb) => verb === 'STREAM.PURGE')).toHaveLength(3);
  });

  it('is in doubt in the end', async () => {
    const { jetstream } = scripted({ 'STREAM.MSG.GET': last });
    expect(await codeOfRejection(new NatsLog({ ...options, jetstream }).trim(lane('a'), 5))).toBe('outcome-unknown');
  });
});
