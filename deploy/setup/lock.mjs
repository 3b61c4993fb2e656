/**
 * One set-up at a time in one clone. The lock is a file that holds the process id of its holder.
 *
 * - L1 Whoever created the file with `wx` holds the lock.
 * - L2 A lock is stale when its process is gone. It is first moved aside, then read again: when it turns out to be a newer
 *   lock (another process cleaned up in the same moment), it goes back.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from './failure.mjs';

const POLL_MS = 200;

/** A set-up with a cold cache takes about two minutes; one that waits longer than this tells so and ends. */
const WAIT_MS_MAX = 15 * 60_000;

/**
 * Runs the work alone in this clone.
 * @template T
 * @param {string} folder where the lock file lives; made when missing
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(folder, work) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'setup.lock');
  const deadlineMs = performance.now() + WAIT_MS_MAX;
  let told = false;
  while (!take(file)) {
    const holder = holderOf(file);
    if (holder !== undefined && !isAlive(holder)) {
      moveAside({ file, holder });
      continue;
    }
    if (performance.now() > deadlineMs) {
      throw new Failure(`Another set-up (process ${holder ?? 'unknown'}) has been at work in this clone for too long. End it, or delete ${file}.`);
    }
    if (!told) {
      process.stderr.write(`set-up: waiting for another set-up in this clone (process ${holder ?? 'unknown'})\n`);
      told = true;
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * @param {string} file
 * @returns {boolean}
 */
function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

/**
 * @param {string} file
 * @returns {number | undefined} undefined when the file is gone or its holder is about to write its id
 */
function holderOf(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {number} pid
 * @returns {boolean}
 */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** @param {{ file: string, holder: number }} stale */
function moveAside({ file, holder }) {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (holderOf(aside) !== holder) {
      linkSync(aside, file);
    }
  } catch {
    // Somebody else was faster; the caller looks again.
  }
  rmSync(aside, { force: true });
}

/**
 * @param {unknown} error
 * @returns {string | undefined}
 */
function codeOf(error) {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
