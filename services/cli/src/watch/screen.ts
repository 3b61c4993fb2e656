import type { OutStream } from '../frame/shell.js';

const ENTER = '\u001b[?1049h\u001b[?25l';
const LEAVE = '\u001b[?25h\u001b[?1049l';
const HOME = '\u001b[H';
const CLEAR_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const NO_WRAP = '\u001b[?7l';
const WRAP = '\u001b[?7h';

/** A terminal that is drawn again and again; what was on it before comes back at the end. */
export class Screen {
  #entered = false;

  constructor(private readonly stream: OutStream) {}

  get rows(): number {
    return this.stream.rows ?? 24;
  }

  /** Lines beyond the height are left out; the terminal cuts what is beyond the width. */
  draw(lines: readonly string[]): void {
    if (!this.#entered) this.stream.write(ENTER + NO_WRAP);
    this.#entered = true;
    const shown = lines.slice(0, this.rows - 1).map((line) => `${line}${CLEAR_LINE}\n`);
    this.stream.write(`${HOME}${shown.join('')}${CLEAR_BELOW}`);
  }

  close(): void {
    if (this.#entered) this.stream.write(WRAP + LEAVE);
    this.#entered = false;
  }
}
