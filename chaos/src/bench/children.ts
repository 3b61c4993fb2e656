/** Child processes of the benchmark: each ends when it is told, when its time is up, or with the benchmark. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromChild, ToChild } from './child-message.js';

/** A child that has not finished by then never will. */
const LIMIT_MS = 120_000;

const PROGRAM = fileURLToPath(new URL('./child-program.js', import.meta.url));

export interface LoadedFolder {
  /** Ends the process as a crash would, and returns what it had told before. */
  kill(): Promise<readonly number[]>;
}

export async function startLoad(dir: string): Promise<LoadedFolder> {
  const child = start({ role: 'load', dir });
  let steps: readonly number[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once('exit', () => reject(new Error('the process that works ended by itself')));
    child.on('message', (message: FromChild) => {
      if (message.kind === 'failed') reject(new Error(message.message));
      if (message.kind !== 'acknowledged') return;
      steps = message.steps;
      resolve();
    });
  });
  return {
    async kill() {
      const gone = once(child, 'close');
      child.kill('SIGKILL');
      await gone;
      return steps;
    },
  };
}

export async function runChild<Kind extends FromChild['kind']>(task: ToChild, kind: Kind): Promise<Extract<FromChild, { kind: Kind }>> {
  const child = start(task);
  const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  try {
    const answer = await new Promise<Extract<FromChild, { kind: Kind }>>((resolve, reject) => {
      child.on('message', (message: FromChild) => {
        if (message.kind === kind) resolve(message as Extract<FromChild, { kind: Kind }>);
        if (message.kind === 'failed') reject(new Error(message.message));
      });
      // Not `exit`: its answer may be read after that.
      child.once('close', (code, signal) => reject(new Error(`the process for ${task.role} ended early (${signal ?? `exit code ${code}`})`)));
    });
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return answer;
  } finally {
    clearTimeout(limit);
  }
}

function start(task: ToChild): ChildProcess {
  const child = fork(PROGRAM, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] });
  child.send(task);
  return child;
}
