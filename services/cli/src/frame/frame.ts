/**
 * The frame of every command: the options that all of them have, how they are told apart from bad usage, what is printed at the end.
 *
 * - C1 With `--json` the last line of stdout is exactly one JSON object, whether the command succeeded or not.
 * - C2 Exit codes: 0 done, 1 refused, 2 the command line is wrong, 3 unavailable.
 * - C3 Errors and progress go to stderr; stdout belongs to the result.
 */
import { isSkepError, type SkepError, toJson, toSkepError, type Value } from '@skep/kernel';
import { Command, CommanderError } from 'commander';
import { coloursFor } from '../output/colours.js';
import { failureText } from '../output/failure-text.js';
import { EXIT, type ExitCode, exitCodeOf } from './exit-code.js';
import type { Shell } from './shell.js';
import { UsageError } from './usage-error.js';

/** What a command has to say at its end. */
export interface Outcome {
  /** The last line of stdout with `--json`. */
  readonly json: object;
  /** For people; no line at all when empty. */
  readonly text: string;
  /** Default: done. */
  readonly exit?: ExitCode;
}

export interface CommandWords {
  /** Name and arguments, as `call <agent> <method> [input]`. */
  readonly usage: string;
  readonly summary: string;
  readonly description?: string;
  readonly examples: readonly string[];
  /** Where the data lie without `--dir`; only where it is another place than usual. */
  readonly folder?: string;
  /** `cluster`: it works on a running cluster, too, wherever that is. */
  readonly reach?: 'folder' | 'cluster';
}

/** Options that every command has, and those by which it reaches a cluster. */
export interface CommonOptions {
  readonly dir?: string;
  readonly json?: true;
  readonly server?: readonly string[];
  readonly creds?: string;
  readonly ca?: string;
  readonly universe?: string;
}

export class Frame {
  #exit: ExitCode = EXIT.done;

  constructor(readonly shell: Shell) {}

  /** A command with the common options; `action` completes it. */
  command({ usage, summary, description, examples, folder = '.skep beside skep.config.ts, or here', reach = 'folder' }: CommandWords): Command {
    const [name = '', ...args] = usage.split(' ');
    const command = this.#plain(name).summary(summary);
    command.description(description ?? summary);
    for (const argument of args) command.argument(argument);
    command.option('--dir <folder>', `data folder (default: ${folder})`);
    if (reach === 'cluster') {
      command.option('--server <url>', 'a NATS server of a cluster, also several times (default: the cluster that runs on the folder)', several);
      command.option('--creds <path>', 'credentials for it: a folder that "skep up" made, a key in it, or a .creds file');
      command.option('--ca <file>', 'certificate of its authority, for TLS');
      command.option('--universe <name>', 'universe in it (default: main)');
    }
    command.option('--json', 'print one JSON object on the last line of stdout');
    command.addHelpText('after', `\nExample${examples.length > 1 ? 's' : ''}:\n${examples.map((line) => `  $ ${line}\n`).join('')}`);
    return command;
  }

  /** A command that only holds others. */
  group({ name, summary }: { readonly name: string; readonly summary: string }): Command {
    return this.#plain(name).summary(summary).description(summary);
  }

  action<Args extends readonly unknown[]>(run: (...args: Args) => Promise<Outcome>): (...args: Args) => Promise<void> {
    return async (...args) => {
      const { json, text, exit = EXIT.done } = await run(...args);
      this.#exit = exit;
      // Only plain data goes into an outcome; `toJson` names whatever else a mistake may put there.
      if (this.shell.mode === 'json') this.shell.stdout.write(`${toJson(json as Value)}\n`);
      else if (text !== '') this.shell.stdout.write(`${text}\n`);
    };
  }

  /** Runs the command line to its end. Never rejects. */
  async run(program: Command, argv: readonly string[]): Promise<ExitCode> {
    try {
      await program.parseAsync(argv, { from: 'user' });
      return this.#exit;
    } catch (error) {
      return this.#fail(error);
    }
  }

  #plain(name: string): Command {
    return new Command(name)
      .exitOverride()
      .enablePositionalOptions()
      .configureOutput({
        writeOut: (text) => this.shell.stdout.write(text),
        // What commander says about bad usage is said by `#fail`, in the shape of every other error.
        writeErr: (text) => (text.startsWith('error:') ? undefined : this.shell.stderr.write(text)),
      });
  }

  #fail(error: unknown): ExitCode {
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.done;
    if (error instanceof CommanderError) return this.#report(usageOf(error).error, EXIT.usage);
    if (error instanceof UsageError) return this.#report(error.error, EXIT.usage);
    const failure = toSkepError(error);
    return this.#report(failure, exitCodeOf(failure.code));
  }

  #report(error: SkepError, exit: ExitCode): ExitCode {
    const { shell } = this;
    if (shell.mode === 'json') shell.stdout.write(`${JSON.stringify(error)}\n`);
    else shell.stderr.write(`${failureText(error, coloursFor(shell.stderr, shell.env))}\n`);
    const { cause } = error;
    // Only a bug has no code of its own; then the stack is what a report needs.
    if (error.code === 'internal' && cause instanceof Error && !isSkepError(cause)) shell.stderr.write(`${cause.stack ?? cause.message}\n`);
    return exit;
  }
}

/** An option that may stand there more than once. */
function several(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, ...text.split(',')];
}

function usageOf(error: CommanderError): UsageError {
  // A group without a command shows its help, which is the remedy itself.
  const message = error.code === 'commander.help' ? 'a command is missing' : error.message.replace(/^error: /, '');
  return new UsageError({ message, remedy: 'Add --help to the command to see how it is used.' });
}
