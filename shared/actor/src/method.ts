/** Running a kind's code: inputs and states against their schemas, handlers and what they return. */
import { ERRORS, isSkepError, normalize, SkepError, type Value } from '@skep/kernel';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { AnyKind } from './kind.js';

/** The input as its schema gives it back. @throws SkepError `invalid-input` */
export function checkInput(kind: AnyKind, method: string, input: Value): unknown {
  const schema = kind.inputs.get(method);
  if (schema === undefined) return input;
  const result = validated(schema, input, `the input schema of ${kind.kind}.${method}`);
  if (result.issues === undefined) return result.value;
  throw new SkepError('invalid-input', {
    message: `${kind.kind}.${method} refuses its input: ${issuesText(result.issues)}`,
    id: `${kind.kind}.${method}`,
  });
}

/** @throws SkepError `invalid-state` */
export function checkState(kind: AnyKind, state: Value): void {
  if (kind.schema === undefined) return;
  const result = validated(kind.schema, state, `the schema of ${kind.kind}`);
  if (result.issues === undefined) return;
  throw new SkepError('invalid-state', { message: `the schema of ${kind.kind} refuses the new state: ${issuesText(result.issues)}`, id: kind.kind });
}

export function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/** What a method returned, as a value that can be stored and sent. @throws SkepError `invalid-value` */
export function replyValue(result: unknown): Value {
  if (result === undefined || result === null) return null;
  if (typeof result === 'boolean') return result;
  return normalize(result);
}

/** The value apart from the original: what is done to one does not show in the other. */
export function copyOf(value: Value): Value {
  return typeof value === 'object' ? normalize(value) : value;
}

/** The error for the caller: our own codes as they are, anything else as `handler-failed`. */
export function handlerError(error: unknown, what: { readonly agent: string; readonly method: string }): SkepError {
  if (isSkepError(error) && Object.hasOwn(ERRORS, error.code)) {
    // Whatever is refused says which id (G13).
    return error.id !== undefined
      ? error
      : new SkepError(error.code, { message: error.message, remedy: error.remedy, id: what.agent, cause: error.cause });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new SkepError('handler-failed', { message: `${what.method} of ${what.agent} failed: ${message}`, id: what.agent, cause: error });
}

/** A refusal says no to its caller; a failure means that code or world are broken, and counts for the supervisor. */
export function isFailure(error: SkepError): boolean {
  return error.status >= 500;
}

function validated(schema: StandardSchemaV1, value: unknown, what: string): StandardSchemaV1.Result<unknown> {
  const result = schema['~standard'].validate(value);
  if (isPromise(result))
    throw new SkepError('internal', { message: `${what} answers with a promise`, remedy: 'Use a schema that validates at once.' });
  return result;
}

function issuesText(issues: readonly StandardSchemaV1.Issue[]): string {
  const text = issues.slice(0, 3).map(({ message, path }) => {
    const place = (path ?? []).map((part) => (typeof part === 'object' ? String(part.key) : String(part))).join('.');
    return place === '' ? message : `${place}: ${message}`;
  });
  return issues.length > 3 ? `${text.join('; ')}; and ${issues.length - 3} more` : text.join('; ');
}
