import { describe, expect, it } from 'vitest';
import { JetStream } from '../src/jetstream.js';
import type { Answer, Link } from '../src/link.js';

/** Servers whose direct reads nobody listens for yet, and what a leader says. */
function withoutDirectReads(leader: Answer) {
  const asked: string[] = [];
  const link = {
    ask: async (subject: string): Promise<Answer> => {
      asked.push(subject);
      return subject.includes('.DIRECT.GET.') ? { kind: 'nobody' } : leader;
    },
  } as unknown as Link;
  return { asked, jetstream: new JetStream(link, 10) };
}

const says = (body: unknown): Answer => ({ kind: 'answer', message: { string: () => JSON.stringify(body) } }) as Answer;

describe('a read from any server, of a stream so new that none listens for it', () => {
  it('is answered by the leader', async () => {
    const { asked, jetstream } = withoutDirectReads(says({ message: { subject: 's', seq: 7, data: 'AQI=' } }));
    expect(await jetstream.lastFromAny('stream', 's')).toMatchObject({ subject: 's', sequence: 7, bytes: Uint8Array.of(1, 2) });
    expect(asked).toEqual(['$JS.API.DIRECT.GET.stream.s', '$JS.API.STREAM.MSG.GET.stream']);
  });

  it('finds nothing where there is nothing', async () => {
    const { jetstream } = withoutDirectReads(says({ error: { code: 404, err_code: 10037, description: 'no message found' } }));
    expect(await jetstream.lastFromAny('stream', 's')).toBeUndefined();
  });

  it('is unavailable without a leader', async () => {
    const { jetstream } = withoutDirectReads({ kind: 'lost', why: 'timeout' });
    await expect(jetstream.lastFromAny('stream', 's')).rejects.toMatchObject({ code: 'unavailable' });
  });
});
