import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseJson, toSkepError, type Value } from '@skep/kernel';
import type { Shell } from '../frame/shell.js';
import { UsageError } from '../frame/usage-error.js';

const SHOWN_CHARACTERS_MAX = 60;

/** A value as JSON; `@file` reads it from a file, `-` from stdin. @throws UsageError */
export async function parseValue(shell: Shell, text: string): Promise<Value> {
  const { source, json } = await read(shell, text);
  try {
    return parseJson(json);
  } catch (error) {
    const { code, message } = toSkepError(error);
    throw new UsageError({
      message: `${source} is no value: ${message}`,
      remedy: 'Write JSON, with quotes round texts: \'{"count": 1}\', \'"text"\', 42. @file reads it from a file, - from stdin.',
      id: json.slice(0, SHOWN_CHARACTERS_MAX).toWellFormed(),
      code,
    });
  }
}

async function read(shell: Shell, text: string): Promise<{ readonly source: string; readonly json: string }> {
  if (text === '-') return { source: 'stdin', json: await readAll(shell.stdin) };
  if (!text.startsWith('@')) return { source: 'the value', json: text };
  const file = resolve(shell.cwd, text.slice(1));
  try {
    return { source: file, json: readFileSync(file, 'utf8') };
  } catch (error) {
    throw new UsageError({
      message: `cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
      remedy: 'Name a file that exists behind the @.',
      id: file,
    });
  }
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}
