import { randomBytes } from 'node:crypto';
import { operationId, parseOperationId } from '@skep/kernel';
import type { Command } from 'commander';
import { parseAgent } from '../../arguments/agent-address.js';
import { positiveNumber, wholeNumber } from '../../arguments/number-argument.js';
import { parseValue } from '../../arguments/value-argument.js';
import type { CommonOptions, Frame } from '../../frame/frame.js';
import { withClient } from '../../opening/open-client.js';
import { longText } from '../../output/value-text.js';

interface Options extends CommonOptions {
  readonly tenant?: string;
  readonly operation?: string;
  readonly expect?: number;
  readonly seconds?: number;
}

export function callCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'call <agent> <method> [input]',
      reach: 'cluster',
      summary: 'call a method of an agent',
      description: 'Calls a method of an agent. The input is JSON; @file reads it from a file, - from stdin.',
      examples: ['skep agent call counter/a1 increment 2', 'skep agent call state/notes update @change.json --expect 4'],
    })
    .option('--operation <id>', 'a UUIDv7: the call takes effect once, however often it is sent under this id')
    .option('--expect <version>', 'refuse unless the agent is at this version', wholeNumber)
    .option('--seconds <n>', 'give up waiting after this long (default: 30)', positiveNumber)
    .option('--tenant <tenant>', 'tenant of the agent')
    .action(
      frame.action(async (text: string, method: string, inputText: string | undefined, options: Options) => {
        const agent = parseAgent(text, options);
        const operation = options.operation === undefined ? operationId(Date.now(), randomBytes(10)) : parseOperationId(options.operation).id;
        const input = inputText === undefined ? null : await parseValue(shell, inputText);
        const reply = await withClient(shell, { at: options, purpose: 'operation' }, ({ client }) =>
          client.call(agent, method, input, {
            operation,
            ...(options.expect === undefined ? {} : { expectedVersion: options.expect }),
            ...(options.seconds === undefined ? {} : { deadlineMs: options.seconds * 1000 }),
          }),
        );
        const { value, version, level } = reply;
        return { json: { agent, method, operation, value, version, level }, text: `${longText(value)}\nversion ${version}, ${level}` };
      }),
    );
}
