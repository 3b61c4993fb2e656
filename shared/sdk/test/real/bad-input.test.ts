/** What is unreadable, forged, of another version or too large, over the wire to nodes behind a real server. */
import { clockText, decode, encode, LIMITS, operationId } from '@skep/kernel';
import { natsHere, PAYLOAD_BYTES_MAX } from '@skep/nats/servers';
import { decodeFrame, encodeFrame, encodePeerItem, type PeerItem } from '@skep/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Tally, tally } from '../cluster/town.js';
import { City } from './city.js';
import type { SayOptions, TextClient } from './text-client.js';

interface Refused {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

type Header = readonly [name: string, value: string];

const call = (name: string, method: string) => `skep.acme.main.call.tally.${name}.${method}`;
const command = (name: string, what: string) => `skep.acme.main.agent.tally.${name}.${what}`;

describe.skipIf(!natsHere())('U10 G13: bad input over the wire', () => {
  let city: City;
  let client: TextClient;
  let made = 0;

  beforeAll(async () => {
    city = await City.of({ kinds: [Tally], nodes: ['n1', 'n2'] });
    client = await city.client({ tenant: 'acme' });
  }, 60_000);

  afterAll(() => city?.close());

  function operation(ms = Date.now()): string {
    made += 1;
    return operationId(
      ms,
      Uint8Array.from({ length: 10 }, (_, at) => (at < 4 ? made >> (8 * at) : at) & 0xff),
    );
  }

  function ask(number: number, method: string, parameters: readonly unknown[]): Uint8Array {
    return encodePeerItem({ kind: 'ask', number, agent: tally('bad', 'acme'), method, parameters: parameters as never, waitMs: 10_000 });
  }

  async function refused(subject: string, payload: string | Uint8Array, options: SayOptions = {}): Promise<Refused> {
    const { error } = (await client.ask(subject, payload, options)) as { error?: Refused };
    if (error === undefined) throw new Error(`${subject} was not refused`);
    expect([error.message, error.remedy]).not.toContain('');
    return error;
  }

  function toNode(name: string, payload: Uint8Array): Promise<readonly PeerItem[]> {
    const answered = client.asked(`skep.acme.main.node.${city.node(name).node.id}`, payload);
    return answered.then((bytes) => decodeFrame(bytes).items.filter(({ kind }) => kind !== 'whereabouts'));
  }

  /** Nothing has touched the agent `bad`, and every node answers. */
  async function unharmed(): Promise<void> {
    expect(await client.ask(command('bad', 'info'), '')).toMatchObject({ error: { code: 'unknown-agent' } });
    for (const name of ['n1', 'n2']) {
      made += 1;
      expect(await toNode(name, encodeFrame(`checker${made}` as never, [ask(1, 'call', ['total', null, {}])]))).toMatchObject([
        { kind: 'answer', number: 1 },
      ]);
    }
    expect([...city.nodes.values()].map(({ node }) => node.underWay)).toEqual([0, 0]);
  }

  it('payloads in JSON that nobody can read', async () => {
    const cases: readonly (readonly [string, string | Uint8Array])[] = [
      ['half of it', '{"by":'],
      ['two of them', '1 2'],
      ['with a byte order mark', Uint8Array.of(0x20, 0xef, 0xbb, 0xbf, 0x31)],
      ['no UTF-8', Uint8Array.of(0x22, 0xff, 0xfe, 0x22)],
      ['a lone surrogate', '"\\ud800"'],
      ['a number beyond all', '1e999'],
      ['nested without end', '['.repeat(100_000)],
      ['nested too deep', `${'['.repeat(500)}${']'.repeat(500)}`],
      ['bytes that are none', '{"$bytes":"???"}'],
      ['a date that is none', '{"$date":"noon"}'],
    ];
    for (const [what, payload] of cases) {
      for (const subject of [call('bad', 'add'), command('bad', 'checkpoint'), 'skep.acme.main.swarm.list']) {
        expect((await refused(subject, payload)).code, `${what} to ${subject}`).toMatch(/^(malformed|invalid-value)$/);
      }
    }
    await unharmed();
  });

  it('payloads in MessagePack that nobody can read, or that are not canonical; the answer is MessagePack', async () => {
    const cases: readonly (readonly [string, Uint8Array])[] = [
      ['a byte that means nothing', Uint8Array.of(0xc1)],
      ['a text that ends too early', Uint8Array.of(0xd9, 0x20, 0x61)],
      ['a list of four billion', Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)],
      ['bytes without end', Uint8Array.of(0xc6, 0xff, 0xff, 0xff, 0xff)],
      ['a small number in eight bytes', Uint8Array.of(0xcf, 0, 0, 0, 0, 0, 0, 0, 5)],
      ['keys in another order', Uint8Array.of(0x82, 0xa1, 0x62, 1, 0xa1, 0x61, 2)],
      ['a key twice', Uint8Array.of(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2)],
      ['a key that is no text', Uint8Array.of(0x81, 1, 1)],
      ['something behind the value', Uint8Array.of(0xa1, 0x78, 0xc0)],
      ['a text that is no UTF-8', Uint8Array.of(0xa2, 0xff, 0xfe)],
      ['an extension that nobody knows', Uint8Array.of(0xd4, 0x55, 0)],
      ['a depth without end', new Uint8Array(100_000).fill(0x91)],
    ];
    for (const [what, payload] of cases) {
      const headers: readonly Header[] = [['Content-Type', 'application/msgpack']];
      const answer = decode(await client.asked(call('bad', 'add'), payload, { headers }));
      expect(answer, what).toMatchObject({ error: { code: expect.stringMatching(/^(malformed|invalid-value)$/) } });
    }
    await unharmed();
  });

  it('frames of other versions, and what is no frame', async () => {
    const cases: readonly (readonly [string, Uint8Array, string])[] = [
      ['a frame of a later format', encode([2, 'me']), 'unsupported-format'],
      ['a frame of an earlier format', encode([0, 'me']), 'malformed'],
      ['a format that is a text', encode(['1', 'me']), 'malformed'],
      ['nothing', new Uint8Array(), 'malformed'],
      ['JSON', Buffer.from('{"hello":1}'), 'malformed'],
      ['nobody’s', encode([1, '']), 'invalid-id'],
      ['of somebody with a long name', encode([1, 'x'.repeat(1_000)]), 'invalid-id'],
      ['an item that is a text', Uint8Array.of(...encode([1, 'me']), ...encode('x')), 'malformed'],
      ['an item without what it needs', Uint8Array.of(...encode([1, 'me']), ...encode([3, 1])), 'malformed'],
      ['an item cut off', Uint8Array.of(...encode([1, 'me']), ...ask(1, 'call', ['add', 1, {}]).subarray(0, 8)), 'malformed'],
    ];
    for (const [what, payload, code] of cases) {
      for (const name of ['n1', 'n2'])
        expect(await toNode(name, payload), what).toMatchObject([{ kind: 'refusal', number: 0, error: { error: { code } } }]);
    }
    // An item of a kind that only a newer Skep knows is left out, as are those that only nodes send; the others count.
    const items = [
      encode([99, 'new']),
      encode([0, 'acme/tally/x', tally('bad', 'acme'), 1, 'add', 5, null]),
      encode([7, [tally('bad', 'acme')]]),
      encode([6, tally('bad', 'acme'), 'n9']),
    ];
    made += 1;
    const answers = await toNode('n1', encodeFrame(`newer${made}` as never, [...items, ask(1, 'call', ['total', null, {}])]));
    expect(answers).toMatchObject([{ kind: 'answer', number: 1 }]);
    await unharmed();
  });

  it('headers that are forged, doubled, or of the future', async () => {
    const [op, other] = [operation(), operation()];
    const ahead = clockText({ ms: Date.now() + LIMITS.clockDriftMs * 3, counter: 0 });
    const cases: readonly (readonly [string, readonly Header[], RegExp])[] = [
      ['an operation that is none', [['Skep-Op', 'again']], /^invalid-id$/],
      ['an operation of long ago', [['Skep-Op', operation(Date.now() - LIMITS.operationWindowMs * 2)]], /^operation-too-old$/],
      ['an operation of the future', [['Skep-Op', operation(Date.now() + LIMITS.clockDriftMs * 3)]], /^invalid-id$/],
      [
        'two operations',
        [
          ['Skep-Op', op],
          ['Skep-Op', other],
        ],
        /^invalid-id$/,
      ],
      [
        'an operation twice',
        [
          ['Skep-Op', op],
          ['Skep-Op', op],
        ],
        /^invalid-id$/,
      ],
      [
        'two operations in other letters',
        [
          ['Skep-Op', op],
          ['skep-op', other],
        ],
        /^invalid-input$/,
      ],
      [
        'an operation and a session',
        [
          ['Skep-Op', op],
          ['Skep-Session', 's 1 0'],
        ],
        /^invalid-input$/,
      ],
      [
        'two sessions',
        [
          ['Skep-Session', 's 1 0'],
          ['Skep-Session', 's 2 1'],
        ],
        /^invalid-input$/,
      ],
      ['a session that acknowledges itself', [['Skep-Session', 's 2 2']], /^invalid-input$/],
      ['a session that nobody began', [['Skep-Session', 's 9 8']], /^operation-too-old$/],
      [
        'two versions',
        [
          ['Skep-Version', '0'],
          ['Skep-Version', '1'],
        ],
        /^invalid-input$/,
      ],
      [
        'two deadlines',
        [
          ['Skep-Deadline', '1000'],
          ['Skep-Deadline', '2000'],
        ],
        /^invalid-input$/,
      ],
      ['a clock far ahead', [['Skep-Clock', ahead]], /^invalid-input$/],
      ['a clock that is none', [['Skep-Clock', 'noon']], /^malformed$/],
      [
        'two content types',
        [
          ['Content-Type', 'application/json'],
          ['Content-Type', 'application/msgpack'],
        ],
        /^malformed$/,
      ],
      ['an agent’s chain of calls', [['Skep-Chain', 'acme/tally/a']], /^invalid-input$/],
      ['ten thousand headers of ours', Array.from({ length: 10_000 }, (_, at) => [`Skep-X${at}`, '1'] as const), /^malformed$/],
      ['a million headers', Array.from({ length: 1_000_000 }, (_, at) => [at.toString(36), ''] as const), /^malformed$/],
      ['more headers than anybody reads', Array.from({ length: 65 }, (_, at) => [`a${at}`, '1'] as const), /^malformed$/],
      ['a megabyte of operation', [['Skep-Op', 'a'.repeat(1_000_000)]], /^malformed$/],
      ['a kilobyte of operation', [['Skep-Op', 'a'.repeat(1_000)]], /^invalid-id$/],
    ];
    for (const [what, headers, code] of cases) expect((await refused(call('bad', 'add'), '1', { headers })).code, what).toMatch(code);
    await unharmed();
  });

  it('what stands where headers should', async () => {
    const heads = [
      'NATS/1.0\r\nname with blanks: 1\r\n\r\n',
      'NATS/1.0\r\nSkëp-Op: 1\r\n\r\n',
      `NATS/1.0\r\n${'N'.repeat(500_000)}: 1\r\n\r\n`,
      'NATS/1.0\r\n: 1\r\n\r\n',
    ];
    for (const head of heads) {
      expect((await refused(call('bad', 'add'), 'x', { head })).code, JSON.stringify(head.slice(0, 40))).toBe('malformed');
      // Beside frames there are no headers.
      client.say(`skep.acme.main.node.${city.node('n1').node.id}`, 'x', { head, reply: client.inbox() });
    }
    // A client cannot pass for the server, which says in a status line that nobody listens; nor is such a request left without an answer.
    for (const head of ['NATS/1.0 503 No Responders\r\n\r\n', 'NATS/1.0 100 Idle Heartbeat\r\n\r\n', 'NATS/1.0\r\n\r\n', 'HTTP/1.1 200\r\n\r\n']) {
      expect(await client.ask(call('good', 'echo'), '"x"', { head }), head).toMatchObject({ value: 'x' });
    }
    await unharmed();
  });

  it('subjects that are no request', async () => {
    const subjects: readonly (readonly [string, string])[] = [
      ['skep.acme.main.call.tally.A.add', 'invalid-id'],
      ['skep.acme.main.call.tally.=zz.add', 'invalid-id'],
      ['skep.acme.main.call.tally.=61.add', 'invalid-id'],
      [`skep.acme.main.call.tally.${'a'.repeat(4_000)}.add`, 'invalid-id'],
      ['skep.acme.main.call.nokind.bad.add', 'unknown-kind'],
      ['skep.acme.main.agent.tally.bad.destroy', 'unknown-method'],
      ['skep.acme.main.swarm.reboot', 'unknown-method'],
      ['skep.acme.main.call.tally.bad.__proto__', 'unknown-method'],
      ['skep.acme.main.call.tally.bad.constructor', 'unknown-method'],
    ];
    for (const [subject, code] of subjects) expect((await refused(subject, '1')).code, subject).toBe(code);
    // Nobody listens there, which the server says at once.
    for (const subject of ['skep.acme.main.call.tally.bad', 'skep.acme.other.call.tally.bad.add', 'skep.acme.main.node.n9']) {
      expect((await client.asked(subject, '1')).length, subject).toBe(0);
    }
    await unharmed();
  });

  it('payloads of 10 MB, and such that pass the server', async () => {
    const mute = await city.client({ tenant: 'acme' });
    mute.forge(`PUB ${call('bad', 'add')} ${10 * 1024 * 1024}\r\n`);
    await mute.closed;
    expect(mute.complaints).toEqual(['Maximum Payload Violation']);
    const loud = await city.client({ tenant: 'acme' });
    loud.say(call('bad', 'add'), new Uint8Array(10 * 1024 * 1024), { reply: loud.inbox() });
    await loud.closed;
    const full = Buffer.alloc(PAYLOAD_BYTES_MAX - 1_000, ' ');
    for (const payload of [full, Buffer.alloc(LIMITS.payloadBytes + 1, ' ')]) {
      for (const subject of [call('bad', 'add'), command('bad', 'info'), 'skep.acme.main.swarm.list']) {
        expect((await refused(subject, payload)).code).toBe('payload-too-large');
      }
    }
    const text = 'x'.repeat(LIMITS.payloadBytes);
    expect(await toNode('n1', encodeFrame('large' as never, [ask(1, 'call', ['add', text, {}])]))).toMatchObject([
      { kind: 'refusal', error: { error: { code: 'payload-too-large' } } },
    ]);
    expect((await refused(call('good', 'large'), String(9_000_000))).code).toBe('payload-too-large');
    expect(
      await toNode(
        'n1',
        encodeFrame('wide' as never, [
          encodePeerItem({
            kind: 'ask',
            number: 1,
            agent: tally('good', 'acme'),
            method: 'call',
            parameters: ['large', 9_000_000, {}],
            waitMs: 10_000,
          }),
        ]),
      ),
    ).toMatchObject([{ kind: 'refusal', error: { error: { code: 'payload-too-large' } } }]);
    await unharmed();
  });

  it('O8: a frame that asks for very many things is refused as a whole, and others are answered meanwhile', async () => {
    const { id } = city.node('n1').node;
    const items = Array.from({ length: 200_000 }, (_, at) => encode([3, at + 1, 'acme/tally/bad', 'create', [], 1_000]));
    const crowd = await city.client({ tenant: 'acme' });
    const answers = Array.from({ length: 10 }, (_, at) => crowd.asked(`skep.acme.main.node.${id}`, encodeFrame(`crowd${at}` as never, items)));
    expect(await client.ask(call('good', 'echo'), '"still here"')).toMatchObject({ value: 'still here' });
    for (const answer of await Promise.all(answers)) {
      expect(decodeFrame(answer).items).toMatchObject([{ kind: 'refusal', number: 0, error: { error: { code: 'payload-too-large' } } }]);
    }
    expect(city.node('n1').node.id).toBe(id);
    await unharmed();
  });

  it('an answer that no message holds takes no other one with it', async () => {
    const many = (name: string) =>
      Promise.all(
        Array.from({ length: 40 }, (_, at) => client.ask(call(name, at % 10 === 0 ? 'large' : 'echo'), at % 10 === 0 ? '9000000' : '"small"')),
      );
    for (const answers of await Promise.all(['a', 'b', 'c', 'd'].map((name) => many(`wide-${name}`)))) {
      const kinds = answers.map(
        (answer) => (answer as { value?: string; error?: { code: string } }).error?.code ?? (answer as { value: string }).value,
      );
      expect(new Set(kinds.filter((_, at) => at % 10 === 0))).toEqual(new Set(['payload-too-large']));
      expect(new Set(kinds.filter((_, at) => at % 10 !== 0))).toEqual(new Set(['small']));
    }
  });
});
