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
let reported: { agent: string; method: string; sinceMs: number } | undefined;

port.on('message', (message: ToWatchdog) => {
  if (message.kind === 'label') labels.set(message.handle, message.text);
  else {
    clearInterval(timer);
    port.close();
  }
});

const timer = setInterval(look, Math.max(5, limitMs / 4));

function look(): void {
  const turn = Atomics.load(cells, CELL.turn);
  const beat = Atomics.load(cells, CELL.beat);
  if (turn === seenTurn && beat === seenBeat) {
    // Odd: a turn is running.
    if (turn % 2 !== 0 && reported === undefined && performance.now() - sinceMs >= limitMs) bark();
    return;
  }
  if (reported !== undefined) {
    const { agent, method } = reported;
    port?.postMessage({ agent, method, blockedMs: performance.now() - reported.sinceMs } satisfies FromWatchdog);
    reported = undefined;
  }
  seenTurn = turn;
  seenBeat = beat;
  sinceMs = performance.now();
}

function bark(): void {
  const agent = labels.get(Atomics.load(cells, CELL.agent)) ?? 'an unknown agent';
  const method = labels.get(Atomics.load(cells, CELL.method)) ?? 'an unknown method';
  reported = { agent, method, sinceMs };
  const ms = Math.round(performance.now() - sinceMs);
  const words = `skep: ${agent} ${method} has held the thread for ${ms} ms; every other agent waits`;
  // Not console.error: that goes through the thread that is stuck.
  writeSync(STDERR, `${lines === 'words' ? words : JSON.stringify({ time: new Date().toISOString(), event: 'stuck', agent, method, ms })}\n`);
}
