import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SkepError } from '@skep/kernel';

/** Who holds a folder. Written to `holder.json` for people and for `connectHolder`; the lock, not this file, decides. */
export interface HolderInfo {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Version of this package. */
  readonly version: string;
  /** Path of the Unix socket, or name of the Windows pipe, on which the holder listens if it wants to. */
  readonly socket: string;
}

export function writeHolderInfo(dir: string, info: HolderInfo): void {
  const file = fileIn(dir);
  writeFileSync(`${file}.new`, `${JSON.stringify(info, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Undefined when there is none, or one that was not written by us. It may name a holder that is dead by now. */
export function readHolderInfo(dir: string): HolderInfo | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(fileIn(dir), 'utf8'));
    return isHolderInfo(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the process that wrote `holder.json` still runs, as far as its id tells. */
export function holderLives(dir: string): boolean {
  const info = readHolderInfo(dir);
  if (info === undefined) return false;
  try {
    process.kill(info.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export function removeHolderInfo(dir: string): void {
  rmSync(fileIn(dir), { force: true });
}

export function folderHeld(dir: string): SkepError {
  const info = readHolderInfo(dir);
  const who = info === undefined ? 'another process' : `process ${info.pid} on ${info.host} since ${info.startedAt}`;
  return new SkepError('folder-held', {
    message: `the folder ${dir} is held by ${who}`,
    id: dir,
    remedy: info === undefined ? 'Stop the process that holds it, or work through it.' : `Stop process ${info.pid}, or work through it.`,
  });
}

function fileIn(dir: string): string {
  return join(dir, 'holder.json');
}

function isHolderInfo(value: unknown): value is HolderInfo {
  if (typeof value !== 'object' || value === null) return false;
  const info = value as Record<string, unknown>;
  return typeof info.pid === 'number' && ['host', 'startedAt', 'version', 'socket'].every((name) => typeof info[name] === 'string');
}
