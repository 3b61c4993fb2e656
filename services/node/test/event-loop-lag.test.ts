/** The lag of a node is that of a window: looking at it changes nothing. */
import type { Clock } from '@skep/ports';
import { describe, expect, test } from 'vitest';
import { type DelayHistogram, EventLoopLag, LAG_RESOLUTION_MS } from '../src/event-loop-lag.js';

/** Delays as a test says, and windows that end when it says so. */
function given() {
  let delaysMs: number[] = [];
  let timer: (() => void) | undefined;
  const sorted = () => delaysMs.map((ms) => (ms + LAG_RESOLUTION_MS) * 1e6).sort((one, other) => one - other);
  const histogram: DelayHistogram = {
    get max() {
      return sorted().at(-1) ?? Number.NaN;
    },
    percentile: (percentile) => sorted().at(Math.ceil((delaysMs.length * percentile) / 100) - 1) ?? Number.NaN,
    reset: () => {
      delaysMs = [];
    },
    enable: () => true,
  };
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    setTimer: (_, fire) => {
      timer = fire;
      return () => {};
    },
  };
  const lag = new EventLoopLag(clock, histogram);
  lag.start();
  return { lag, delay: (...ms: number[]) => delaysMs.push(...ms), endWindow: () => timer?.() };
}

describe('the lag of the event loop', () => {
  test('one hiccup is one sample of a window, however often somebody looks', () => {
    const { lag, delay, endWindow } = given();
    delay(...Array.from({ length: 400 }, () => 1), 300);
    endWindow();
    for (let look = 0; look < 5; look += 1) {
      expect(lag.get()).toEqual({ p99: 1, max: 300 });
      delay(700);
    }
  });

  test('a loop that is late all the time shows it, from the first window on, until one is well again', () => {
    const { lag, delay, endWindow } = given();
    expect(lag.get()).toEqual({ p99: 0, max: 0 });
    delay(400, 400, 400);
    expect(lag.get()).toEqual({ p99: 400, max: 400 });
    endWindow();
    delay(2);
    expect(lag.get()).toEqual({ p99: 400, max: 400 });
    endWindow();
    expect(lag.get()).toEqual({ p99: 2, max: 2 });
  });
});
