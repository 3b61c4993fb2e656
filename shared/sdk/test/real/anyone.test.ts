/** Clients in other languages, as strangers would write them, against a real server with credentials. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { natsHere } from '@skep/nats/servers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Counter } from '../../examples/01-counter/index.js';
import { City } from './city.js';
import { type Finished, go, MAKE_AND_RUN_MS_MAX, python, run } from './languages.js';

const EXAMPLES = fileURLToPath(new URL('../../examples/', import.meta.url));

/** What every example prints, with an agent of this name. */
function printed(name: string): Finished {
  const lines = [
    `created acme/counter/${name}, version 0`,
    'counted 2, version 1',
    'again: 2, version 1',
    'total 2',
    'heard increment, version 2',
    'unknown-method: kind counter has no method decrement; it has increment, total',
  ];
  return { ok: true, output: `${lines.join('\n')}\n`, complaint: '' };
}

describe.skipIf(!natsHere())('Q11: anyone can talk to a cluster', () => {
  let city: City;
  beforeAll(async () => {
    city = await City.of({ kinds: [Counter], nodes: ['n1', 'n2'] });
  });
  afterAll(() => city?.close());

  it('the README shows the first of them, and what it prints', () => {
    const readme = readFileSync(join(EXAMPLES, '../../../README.md'), 'utf8');
    const program = readFileSync(join(EXAMPLES, '06-raw-tcp/index.mjs'), 'utf8');
    const shown = /\/\/ conversation:start\n([\s\S]*)\/\/ conversation:end/.exec(program)?.[1];
    expect(readme).toContain(`\`\`\`js\n${shown}\`\`\``);
    expect(readme).toContain(`\`\`\`text\n${printed('raw').output}\`\`\``);
  });

  const who = () => [city.address, city.credentials.dir, 'acme'];

  it('06: over a plain socket, without any library', async () => {
    expect(await run(process.execPath, [join(EXAMPLES, '06-raw-tcp/index.mjs'), ...who()])).toEqual(printed('raw'));
  });

  it(
    '07: in Python, with nats-py',
    async ({ skip }) => {
      const made = await python(join(EXAMPLES, '07-python'));
      if (made.kind === 'missing') skip(made.why);
      else expect(await run(made.program, [join(EXAMPLES, '07-python/main.py'), ...who()])).toEqual(printed('python'));
    },
    MAKE_AND_RUN_MS_MAX,
  );

  it(
    '08: in Go, with nats.go',
    async ({ skip }) => {
      const made = await go(join(EXAMPLES, '08-go'));
      if (made.kind === 'missing') skip(made.why);
      else expect(await run(made.program, who())).toEqual(printed('go'));
    },
    MAKE_AND_RUN_MS_MAX,
  );
});
