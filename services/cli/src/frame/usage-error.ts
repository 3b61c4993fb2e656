import { type ErrorCode, SkepError } from '@skep/kernel';

export interface UsageDetails {
  readonly message: string;
  readonly remedy: string;
  /** What was not understood. */
  readonly id?: string;
  readonly code?: ErrorCode;
}

/** The command line itself is wrong: nothing was asked of any Skep. Ends with exit code 2. */
export class UsageError extends Error {
  readonly error: SkepError;

  constructor({ message, remedy, id, code = 'invalid-input' }: UsageDetails) {
    super(message);
    this.error = new SkepError(code, { message, remedy, ...(id === undefined ? {} : { id }) });
  }
}
