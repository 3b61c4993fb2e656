/**
 * Steps of the set-up, shown on stderr: nothing for the first second, then a spinner with the elapsed seconds on a
 * terminal, or a plain line now and then elsewhere. Steps that run at the same time share the spinner's line.
 */

/** Steps shorter than this are not worth a line. */
const SILENT_MS = 1_000;

/** Redrawing on a terminal. */
const FRAME_MS = 120;

/** Signs of life in a log. */
const LINE_MS = 15_000;

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

const CLEAR = '\r\u001b[K';

/** @param {number} sinceMs */
const seconds = (sinceMs) => `${Math.round((performance.now() - sinceMs) / 1_000)} s`;

/** @typedef {{ readonly title: string, readonly startMs: number, shown: boolean }} Running */

/**
 * A place where steps are shown. Set-up has one, on stderr; tests make their own.
 * @param {{ isTTY?: boolean | undefined, columns?: number | undefined, write: (text: string) => unknown }} output
 */
export function stepsOn(output) {
  /** @type {Set<Running>} */
  const running = new Set();
  /** @type {NodeJS.Timeout | undefined} */
  let repeating;
  let frame = 0;

  /** @param {readonly Running[]} steps */
  const draw = (steps) => {
    const texts = steps.map(({ title, startMs }) => `${title} ... ${seconds(startMs)}`);
    if (output.isTTY) {
      const line = `${FRAMES[frame++ % FRAMES.length]} ${texts.join(', ')}`;
      output.write(`${CLEAR}${line.slice(0, (output.columns ?? 120) - 1)}`);
    } else {
      output.write(texts.map((text) => `set-up: ${text}\n`).join(''));
    }
  };
  const drawShown = () => draw([...running].filter((each) => each.shown));

  /** @param {Running} step */
  const show = (step) => {
    step.shown = true;
    if (output.isTTY) {
      drawShown();
    } else {
      draw([step]);
    }
    repeating ??= setInterval(drawShown, output.isTTY ? FRAME_MS : LINE_MS);
  };

  /**
   * @param {Running} step
   * @param {'done' | 'failed'} how
   */
  const finish = (step, how) => {
    running.delete(step);
    if (step.shown) {
      const begin = output.isTTY ? `${CLEAR}${how === 'done' ? '✔' : '✖'} ` : 'set-up: ';
      output.write(`${begin}${step.title}: ${how} in ${seconds(step.startMs)}\n`);
    }
    if (![...running].some((each) => each.shown)) {
      clearInterval(repeating);
      repeating = undefined;
    }
  };

  /**
   * @template T
   * @param {string} title what is being done, such as "installing packages"
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  return async (title, work) => {
    /** @type {Running} */
    const self = { title, startMs: performance.now(), shown: false };
    running.add(self);
    const first = setTimeout(() => show(self), SILENT_MS);
    /** @type {'done' | 'failed'} */
    let how = 'failed';
    try {
      const result = await work();
      how = 'done';
      return result;
    } finally {
      clearTimeout(first);
      finish(self, how);
    }
  };
}

export const step = stepsOn(process.stderr);
