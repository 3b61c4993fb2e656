/**
 * The watchdog's thread: looks at the shared cells every quarter of the limit. See watchdog.ts.
 *
 * It may be ended while it still starts. So it imports nothing that awaits while it loads, as the kernel does: V8 aborts the whole
 * process when a thread is ended in the middle of that.
 */
import { writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { CELL, type FromWatchdog, type ToWatchdog, type WatchdogStart } from './watchdog-cells.js';

const STDERR = 2;

const port = parentPort;
if (port === null) throw new Error('the watchdog runs in a worker thread');
const { cells, limitMs, lines } = workerData as WatchdogStart;
const labels = new Map<number, string>();

let seenTurn = 0;
let seenBeat = 0;
let sinceMs = performance.now();
/** `untilMs`: when the thread was seen stuck in it last. */
let reported: { readonly agent: string; readonly method: string; readonly sinceMs: number; untilMs: number } | undefined;

port.on('message', (message: ToWatchdog) => {
  if (message.kind === 'label') labels.set(message.handle, message.text);
  else {
    clearInterval(timer);
    port.close();
  }
});

const timer = setInterval(look, Math.max(5, limitMs / 4));

function look(): void {
  // Before the cells are read: whoever is stuck then was stuck at this time, however late this thread goes on (D3).
  const nowMs = performance.now();
  const turn = Atomics.load(cells, CELL.turn);
  const beat = Atomics.load(cells, CELL.beat);
  if (turn === seenTurn && beat === seenBeat) {
    // Odd: a turn is running.
    if (reported !== undefined) reported.untilMs = nowMs;
    else if (turn % 2 !== 0 && nowMs - sinceMs >= limitMs) bark(nowMs);
    return;
  }
  if (reported !== undefined) {
    const { agent, method, untilMs } = reported;
    port?.postMessage({ agent, method, blockedMs: untilMs - reported.sinceMs } satisfies FromWatchdog);
    reported = undefined;
  }
  seenTurn = turn;
  seenBeat = beat;
  sinceMs = performance.now();
}

function bark(nowMs: number): void {
  const agent = labels.get(Atomics.load(cells, CELL.agent)) ?? 'an unknown agent';
  const method = labels.get(Atomics.load(cells, CELL.method)) ?? 'an unknown method';
  // Another turn may have begun meanwhile, and those would be its names.
  if (Atomics.load(cells, CELL.turn) !== seenTurn) return;
  reported = { agent, method, sinceMs, untilMs: nowMs };
  const ms = Math.floor(nowMs - sinceMs);
  const words = `skep: ${agent} ${method} has held the thread for ${ms} ms; every other agent waits`;
  // Not console.error: that goes through the thread that is stuck.
  writeSync(STDERR, `${lines === 'words' ? words : JSON.stringify({ time: new Date().toISOString(), event: 'stuck', agent, method, ms })}\n`);
}
