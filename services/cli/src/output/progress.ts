/** Progress on stderr, for what takes over a second: a bar on a terminal, a plain line now and then elsewhere. */
import cliProgress from 'cli-progress';
import type { OutStream, Shell } from '../frame/shell.js';
import { countText } from './amounts.js';

const SILENT_MS = 1_000;
const LINE_EVERY_MS = 2_000;

export interface Progress {
  update(done: number): void;
  /** Takes the bar away, so that other lines can be written. */
  stop(): void;
}

export interface ProgressWords {
  readonly title: string;
  /** What is counted, in the plural. */
  readonly nouns: string;
  readonly total: number;
}

export function startProgress(shell: Shell, words: ProgressWords): Progress {
  return shell.stderr.isTTY === true ? new Bar(shell.stderr, words) : new Lines(shell.stderr, words);
}

class Bar implements Progress {
  readonly #bar: cliProgress.SingleBar;

  constructor(stream: OutStream, { title, nouns, total }: ProgressWords) {
    this.#bar = new cliProgress.SingleBar({
      // The library asks more of its stream than the few methods of `OutStream`; on a terminal it is the real one.
      stream: stream as NodeJS.WriteStream,
      format: `${title} {bar} {value}/{total} ${nouns}`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
      fps: 10,
      gracefulExit: false,
    });
    this.#bar.start(total, 0);
  }

  update(done: number): void {
    this.#bar.update(done);
  }

  stop(): void {
    this.#bar.stop();
  }
}

class Lines implements Progress {
  readonly #startMs = performance.now();
  #nextMs = SILENT_MS;

  constructor(
    private readonly stream: OutStream,
    private readonly words: ProgressWords,
  ) {}

  update(done: number): void {
    const elapsedMs = performance.now() - this.#startMs;
    if (elapsedMs < this.#nextMs) return;
    this.#nextMs = elapsedMs + LINE_EVERY_MS;
    const { title, nouns, total } = this.words;
    this.stream.write(`${title}: ${countText(done)} of ${countText(total)} ${nouns}\n`);
  }

  stop(): void {}
}

/** What a command does now, for one that takes over a second and counts nothing. */
export interface Steps {
  step(what: string): void;
  stop(): void;
}

export function startSteps(shell: Shell, title: string): Steps {
  const startMs = performance.now();
  let now = '';
  const timer = setInterval(() => {
    if (now === '') return;
    shell.stderr.write(`${title} ${now} ...\n`);
    now = '';
  }, SILENT_MS);
  timer.unref();
  return {
    step(what) {
      now = what;
      if (performance.now() - startMs < SILENT_MS) return;
      shell.stderr.write(`${title} ${what} ...\n`);
      now = '';
    },
    stop: () => clearInterval(timer),
  };
}
