/** How the demo speaks: numbered scenes, short sentences, figures in a column. */
import type { OutStream, Shell } from '../frame/shell.js';
import { type Colours, coloursFor } from '../output/colours.js';

const LABEL_CHARACTERS = 30;
const VALUE_CHARACTERS = 12;
const CLEAR_LINE = '\r\u001b[K';

export class Story {
  readonly #stream: OutStream;
  readonly #colours: Colours;
  #scene = 0;

  /** With `--json` stdout belongs to the figures, and the story is told on stderr. */
  constructor(shell: Shell) {
    this.#stream = shell.mode === 'json' ? shell.stderr : shell.stdout;
    this.#colours = coloursFor(this.#stream, shell.env);
  }

  get colours(): Colours {
    return this.#colours;
  }

  scene(title: string): void {
    this.#scene += 1;
    this.say('');
    this.say(`${this.#colours.dim(String(this.#scene).padStart(2))}  ${this.#colours.bold(title)}`);
  }

  tell(sentence: string): void {
    this.say(`    ${sentence}`);
  }

  figure(label: string, value: string, remark = ''): void {
    this.say(`    ${label.padEnd(LABEL_CHARACTERS)}${this.#colours.cyan(value.padStart(VALUE_CHARACTERS))}  ${this.#colours.dim(remark)}`.trimEnd());
  }

  say(line: string): void {
    this.#stream.write(`${this.#stream.isTTY === true ? CLEAR_LINE : ''}${line}\n`);
  }

  /** A line that the next one replaces; only a terminal can show it. */
  status(line: string): void {
    if (this.#stream.isTTY === true) this.#stream.write(`${CLEAR_LINE}    ${this.#colours.dim(line)}`);
  }

  get isLive(): boolean {
    return this.#stream.isTTY === true;
  }
}
