/**
 * Ends what a process left behind, even when it was killed with SIGKILL: a small process beside it that knows the ids of its
 * servers and the folders it made for them. Its standard input is a pipe from us; when that closes, we are gone, however.
 *
 * It has a process group of its own, so that what is sent to ours (Ctrl-C, the end of a test run) does not end it first.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';

/** Runs in the guardian. A line is `+pid`, `-pid`, `>folder` or `<folder`: guard it, forget it. */
const PROGRAM = `
const pids = new Set(), folders = new Set();
let rest = '';
process.stdin.on('data', (chunk) => {
  const lines = (rest + chunk).split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    const what = line.slice(1);
    ({ '+': () => pids.add(Number(what)), '-': () => pids.delete(Number(what)), '>': () => folders.add(what), '<': () => folders.delete(what) })[line[0]]?.();
  }
});
process.stdin.on('close', () => {
  for (const pid of pids) try { process.kill(pid, 'SIGKILL') } catch {}
  for (const folder of folders) try { require('node:fs').rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) } catch {}
  process.exit();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
`;

let guardian: ChildProcess | undefined;

/** The process `pid`, a child of ours, ends with us. */
export const guardProcess = (pid: number): void => tell(`+${pid}`);

/** It ended: its number may belong to somebody else now. */
export const forgetProcess = (pid: number): void => tell(`-${pid}`);

/** The folder, made by us for a short while, goes with us. */
export const guardFolder = (folder: string): void => tell(`>${folder}`);

export const forgetFolder = (folder: string): void => tell(`<${folder}`);

function tell(line: string): void {
  guardian ??= start();
  guardian.stdin?.write(`${line}\n`);
}

function start(): ChildProcess {
  const { NODE_OPTIONS: _, NODE_V8_COVERAGE: __, ...env } = process.env;
  const child = spawn(process.execPath, ['-e', PROGRAM], { detached: true, stdio: ['pipe', 'ignore', 'ignore'], env, windowsHide: true });
  // It ends only when we do; were it killed, the servers would merely lose their guard.
  child.once('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return child;
}
