/** One running server process: started by us, or taken over by its id from a command that ended long ago. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { forgetProcess, guardProcess } from './guardian.js';

export interface ServerProcess {
  readonly pid: number;
  /** Resolves when the process is gone; never rejects. */
  readonly gone: Promise<void>;
  isAlive(): boolean;
  /** Nothing happens to a process that is gone. */
  signal(signal: NodeJS.Signals): void;
}

export interface SpawnPlan {
  readonly program: string;
  readonly args: readonly string[];
  /** Both streams are appended to it. */
  readonly logFile: string;
  /** Outlives us; otherwise it ends when we do, however we end. */
  readonly detached: boolean;
  readonly env?: NodeJS.ProcessEnv;
}

/** How often a process that is not our child is looked at. */
const LOOK_MS = 50;

const LOG_CHARACTERS_SHOWN = 2_000;

/** Rejects with the system's error when the program cannot be started. */
export async function spawnServer({ program, args, logFile, detached, env }: SpawnPlan): Promise<ServerProcess> {
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a', 0o600);
  // A group of its own in any case: Ctrl-C is for us, and we end our servers ourselves.
  const child = spawn(program, args, { stdio: ['ignore', log, log], detached: true, windowsHide: true, ...(env === undefined ? {} : { env }) });
  closeSync(log);
  const { pid } = child;
  if (pid !== undefined && !detached) guardProcess(pid);
  child.unref();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('spawn', resolve);
  });
  if (pid === undefined) throw new Error(`${program} has no process id`);
  void gone.then(() => {
    if (!detached) forgetProcess(pid);
  });
  return {
    pid,
    get gone() {
      // Whoever waits for its end wants to live that long.
      child.ref();
      return gone;
    },
    isAlive: () => child.exitCode === null && child.signalCode === null,
    signal: (signal) => {
      child.kill(signal);
    },
  };
}

/**
 * Takes over a process by its id, if it still is the one that runs with `mark` on its command line: ids are used again.
 * Undefined when it is gone.
 */
export function adoptProcess(pid: number, mark: string): ServerProcess | undefined {
  const isAlive = (): boolean => commandLineOf(pid).includes(mark);
  if (!isAlive()) return undefined;
  let gone: Promise<void> | undefined;
  return {
    pid,
    get gone() {
      gone ??= new Promise((resolve) => {
        const looking = setInterval(() => {
          if (isAlive()) return;
          clearInterval(looking);
          resolve();
        }, LOOK_MS);
      });
      return gone;
    },
    isAlive,
    signal: (signal) => {
      if (isAlive()) process.kill(pid, signal);
    },
  };
}

/** What a server wrote to its log behind an offset in bytes; '' when there is nothing. */
export function logBehind(logFile: string, offset: number): string {
  try {
    return readFileSync(logFile).subarray(offset).toString('utf8');
  } catch {
    return '';
  }
}

/** The end of it, to be shown. */
export function logSince(logFile: string, offset: number): string {
  return logBehind(logFile, offset).slice(-LOG_CHARACTERS_SHOWN).trim();
}

/** '' when there is no such process, or it has ended and only waits to be collected. */
function commandLineOf(pid: number): string {
  if (process.platform === 'linux') {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
    } catch {
      return '';
    }
  }
  const [command, ...args] =
    process.platform === 'win32'
      ? ['powershell', '-NoProfile', '-Command', `(Get-CimInstance Win32_Process -Filter 'ProcessId=${pid}').CommandLine`]
      : ['ps', '-ww', '-o', 'args=', '-p', String(pid)];
  return spawnSync(command ?? '', args, { encoding: 'utf8', windowsHide: true }).stdout ?? '';
}
