#!/usr/bin/env node
/**
 * The program of a node.
 *
 * It says `{"event":"ready",...}` on stdout when it serves, and a line of JSON for each event on stderr. SIGTERM, SIGINT and SIGHUP let it
 * drain and end with 0; a second one ends it at once. Exit code 1: it could not serve; 2: the command line or the configuration is wrong;
 * 3: another process runs under its name, so it must not be started again.
 */
import { type SkepError, toSkepError } from '@skep/kernel';
import type { NodeConfiguration } from '@skep/sdk/operations';
import { readArguments, USAGE } from './arguments.js';
import { eventLines } from './event-lines.js';
import { NodeService } from './node-service.js';

const SIGNALS = { SIGTERM: 15, SIGINT: 2, SIGHUP: 1 } as const;
const OF_SIGNALS = 128;
const NAME_TAKEN = 3;

// Whoever started the node and read its words may be gone.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

const configuration = configured();
if (configuration !== undefined) await serve(configuration);

function configured(): NodeConfiguration | undefined {
  try {
    const read = readArguments(process.argv.slice(2), process.cwd());
    if (read === undefined) process.stdout.write(USAGE);
    return read;
  } catch (error) {
    process.stderr.write(`${JSON.stringify({ event: 'failed', ...toSkepError(error).toJSON() })}\n`);
    process.exitCode = 2;
    return undefined;
  }
}

async function serve(given: NodeConfiguration): Promise<void> {
  const lines = eventLines({ stderr: process.stderr, nowMs: () => Date.now() }, given.name);
  const onEnd = (failure?: SkepError): void => {
    if (failure !== undefined) lines.say('failed', failure.toJSON());
    process.exit(failure === undefined ? 0 : NAME_TAKEN);
  };
  const service = new NodeService({ configuration: given, lines, onEnd });
  let ending = false;
  for (const [signal, number] of Object.entries(SIGNALS)) {
    process.on(signal, () => {
      if (ending) process.exit(OF_SIGNALS + number);
      ending = true;
      service.stop().then(
        () => process.exit(0),
        (error: unknown) => fail(error),
      );
    });
  }
  const fail = (error: unknown): void => {
    lines.say('failed', toSkepError(error).toJSON());
    process.exit(1);
  };
  try {
    const { incarnation, level } = await service.start();
    const ms = Math.round(process.uptime() * 1000);
    process.stdout.write(`${JSON.stringify({ event: 'ready', node: given.name, incarnation, pid: process.pid, level, ms })}\n`);
  } catch (error) {
    if (!ending) fail(error);
  }
}
