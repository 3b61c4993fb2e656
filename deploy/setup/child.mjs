/**
 * Runs one child process and leaves nothing behind.
 *
 * On POSIX a child gets a process group of its own: a signal reaches it once (from here, not a second time from the
 * terminal), and what it started ends with it. It therefore reads nothing from the terminal.
 */
import { spawn } from 'node:child_process';
import { Interrupted } from './failure.mjs';

/** A child that was asked to end gets this long before it is killed. */
const GRACE_MS = 5_000;

/** Of a long output only the end is kept. */
const OUTPUT_CHARACTERS_MAX = 1_000_000;

const HAS_GROUPS = process.platform !== 'win32';

/** @type {readonly NodeJS.Signals[]} */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * @typedef {object} ChildOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {'show' | 'collect'} output `show`: straight to our own stdout and stderr. `collect`: into `text` of the result
 * @property {number} [limitMs] the child is ended after this long
 */

/**
 * @typedef {object} ChildResult
 * @property {number} code of a child that ended by a signal: 128 + its number is not known here, so 1
 * @property {string} text what it wrote, both streams in order of arrival
 * @property {boolean} timedOut
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {ChildOptions} options
 * @returns {Promise<ChildResult>} rejects with `Interrupted`, or with the system's error when the command cannot be started
 */
export function runChild(command, args, options) {
  return new Promise((resolve, reject) => {
    const collect = options.output === 'collect';
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: collect ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
      detached: HAS_GROUPS,
      // npm on Windows is a .cmd file, which only a shell starts.
      shell: !HAS_GROUPS && !command.endsWith('.exe'),
      windowsHide: true,
    });
    let text = '';
    let timedOut = false;
    /** @type {NodeJS.Signals | undefined} */
    let interruptedBy;
    /** @type {NodeJS.Timeout | undefined} */
    let grace;

    /** @param {Buffer} chunk */
    const keep = (chunk) => {
      text = (text + chunk.toString('utf8')).slice(-OUTPUT_CHARACTERS_MAX);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);

    /** @param {NodeJS.Signals} signal */
    const end = (signal) => {
      // A second request means: at once.
      signalAll(child.pid, grace === undefined ? signal : 'SIGKILL');
      grace ??= setTimeout(() => signalAll(child.pid, 'SIGKILL'), GRACE_MS);
    };
    /** @param {NodeJS.Signals} signal */
    const onSignal = (signal) => {
      interruptedBy ??= signal;
      end(signal);
    };
    const limit =
      options.limitMs === undefined
        ? undefined
        : setTimeout(() => {
            timedOut = true;
            end('SIGTERM');
          }, options.limitMs);
    const tidyUp = () => {
      clearTimeout(limit);
      clearTimeout(grace);
      for (const signal of SIGNALS) {
        process.off(signal, onSignal);
      }
    };
    for (const signal of SIGNALS) {
      process.on(signal, onSignal);
    }
    child.once('error', (error) => {
      tidyUp();
      reject(error);
    });
    // A grandchild may hold the pipes open after the child is gone: it is ended on `exit`, so that `close` follows.
    child.once('exit', () => signalAll(child.pid, 'SIGKILL'));
    child.once('close', (code) => {
      tidyUp();
      if (interruptedBy === undefined) {
        resolve({ code: code ?? 1, text, timedOut });
      } else {
        reject(new Interrupted(interruptedBy));
      }
    });
  });
}

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function signalAll(pid, signal) {
  if (pid === undefined) {
    return;
  }
  if (!HAS_GROUPS) {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).once('error', () => {});
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch {
    // The group is gone already.
  }
}

/**
 * Runs a JavaScript file with this very Node.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {ChildOptions} options
 */
export const runNode = (file, args, options) => runChild(process.execPath, [file, ...args], options);
