/**
 * A step of the set-up, shown on stderr: nothing for the first second, then a spinner with the elapsed seconds on a
 * terminal, or a plain line now and then elsewhere.
 */

/** Steps shorter than this are not worth a line. */
const SILENT_MS = 1_000;

/** Redrawing on a terminal. */
const FRAME_MS = 120;

/** Signs of life in a log. */
const LINE_MS = 15_000;

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** @param {number} sinceMs */
const seconds = (sinceMs) => `${Math.round((performance.now() - sinceMs) / 1_000)} s`;

/**
 * @template T
 * @param {string} title what is being done, such as "installing packages"
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const startMs = performance.now();
  const { show, done } = process.stderr.isTTY ? spinner(title, startMs) : lines(title, startMs);
  /** @type {NodeJS.Timeout | undefined} */
  let repeating;
  const first = setTimeout(() => {
    show();
    repeating = setInterval(show, process.stderr.isTTY ? FRAME_MS : LINE_MS);
  }, SILENT_MS);
  const stop = () => {
    clearTimeout(first);
    clearInterval(repeating);
  };
  try {
    const result = await work();
    stop();
    if (repeating !== undefined) {
      done('done');
    }
    return result;
  } catch (error) {
    stop();
    if (repeating !== undefined) {
      done('failed');
    }
    throw error;
  }
}

/**
 * @param {string} title
 * @param {number} startMs
 */
function spinner(title, startMs) {
  let frame = 0;
  const clear = '\r\u001b[K';
  return {
    show: () => {
      process.stderr.write(`${clear}${FRAMES[frame++ % FRAMES.length]} ${title} ... ${seconds(startMs)}`);
    },
    /** @param {'done' | 'failed'} how */
    done: (how) => {
      process.stderr.write(`${clear}${how === 'done' ? '✔' : '✖'} ${title}: ${how} in ${seconds(startMs)}\n`);
    },
  };
}

/**
 * @param {string} title
 * @param {number} startMs
 */
function lines(title, startMs) {
  return {
    show: () => {
      process.stderr.write(`set-up: ${title} ... ${seconds(startMs)}\n`);
    },
    /** @param {'done' | 'failed'} how */
    done: (how) => {
      process.stderr.write(`set-up: ${title}: ${how} in ${seconds(startMs)}\n`);
    },
  };
}
