/** Why set-up or a job ended early. Both are caught once, in jobs.mjs. */

/** Something is missing on the machine. */
export const EXIT_MISSING = 3;

/** A step failed, or the user's files do not allow it. */
export const EXIT_FAILED = 1;

/** Carries a text for the user and the exit code; it is shown without a stack. */
export class Failure extends Error {
  /**
   * @param {string} message what happened and what to do next
   * @param {number} [exitCode]
   */
  constructor(message, exitCode = EXIT_FAILED) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A signal arrived while a child was running; the child and all that it started are gone by now. */
export class Interrupted extends Error {
  /** @param {NodeJS.Signals} signal */
  constructor(signal) {
    super(`interrupted by ${signal}`);
    this.signal = signal;
  }
}
