/**
 * Names the agent that holds the thread.
 *
 * A handler that computes for seconds stops every agent of the process, and with it everything that could tell. So a second thread
 * watches: it writes one line to stderr while the main thread is still stuck, and reports the turn when the thread is free again.
 *
 * - D1 The main thread pays a few stores into shared cells a turn; texts cross once, as labels.
 * - D2 A turn that merely awaits is not reported: while the event loop turns, a beat in the cells grows.
 * - D3 What is measured is a lower bound: the watchdog counts from when it first saw the turn. A turn is noticed at the latest at one
 *   and a half times the limit.
 */
import { Worker } from 'node:worker_threads';
import { CELL, type FromWatchdog, type ToWatchdog, type WatchdogLines, type WatchdogStart } from './watchdog-cells.js';

/** Labels kept apart; past it new texts share one label, because nobody would bound the memory of ever new agents. */
const LABELS_MAX = 1_000_000;

export type StuckTurn = FromWatchdog;

export interface WatchdogOptions {
  /** A turn that holds the thread longer than this is named. */
  readonly limitMs: number;
  /** The line on stderr; words by default. */
  readonly lines?: WatchdogLines;
  /** Called on the main thread, after the turn let go of it. */
  readonly report: (turn: StuckTurn) => void;
}

export interface Watchdog {
  /** To be called whenever a handler's code begins or goes on. Turns do not nest. */
  turnStarted(agentHandle: number, methodHandle: number): void;
  /** To be called whenever a handler's code ends or awaits. */
  turnEnded(): void;
  /** The handle of a text (an agent's id, a method's name); to be kept by the caller. */
  label(text: string): number;
  close(): Promise<void>;
}

export function startWatchdog({ limitMs, lines = 'words', report }: WatchdogOptions): Watchdog {
  const cells = new Int32Array(new SharedArrayBuffer(CELL.count * Int32Array.BYTES_PER_ELEMENT));
  const workerData = { cells, limitMs, lines } satisfies WatchdogStart;
  const worker = new Worker(new URL('../dist/watchdog-worker.js', import.meta.url), { workerData });
  worker.on('message', report);
  // Without its watchdog the process goes on as before.
  worker.on('error', () => undefined);
  worker.unref();
  const beat = setInterval(() => Atomics.add(cells, CELL.beat, 1), Math.max(5, limitMs / 4));
  beat.unref();

  const handles = new Map<string, number>();
  const tell = (message: ToWatchdog) => worker.postMessage(message);
  let turn = 0;

  return {
    turnStarted(agentHandle, methodHandle) {
      cells[CELL.agent] = agentHandle;
      cells[CELL.method] = methodHandle;
      turn |= 1;
      Atomics.store(cells, CELL.turn, turn);
    },
    turnEnded() {
      turn = (turn + 1) & 0x7ffffffe;
      Atomics.store(cells, CELL.turn, turn);
    },
    label(text) {
      const known = handles.get(text);
      if (known !== undefined) return known;
      if (handles.size >= LABELS_MAX) return 0;
      const handle = handles.size + 1;
      handles.set(text, handle);
      tell({ kind: 'label', handle, text });
      return handle;
    },
    async close() {
      clearInterval(beat);
      tell({ kind: 'close' });
      await worker.terminate();
    },
  };
}
