/**
 * Reads what SWE-agent wrote: gzip or plain JSON with `trajectory[]` of steps, `history[]` of chat messages and `info`. Versions of the
 * program differ: `state` is an object or JSON text, fields come and go, and some files hold only `history` (or `messages`), where each
 * message is a step.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { encode, hashHexOf, LIMITS, SkepError, type Value } from '@skep/kernel';
import { isObject, type Step } from './step.js';
import { noRepairs, parseForeign, type Repairs, storable, storableText } from './storable.js';

export interface TrajectoryFile {
  readonly file: string;
  /** Name of the agent, from the name of the file. */
  readonly name: string;
  readonly steps: readonly Step[];
  readonly repairs: Repairs;
}

type JsonObject = { readonly [key: string]: Value };

/** @throws SkepError `malformed`, `payload-too-large`, `unavailable` that names the file */
export function readTrajectoryFile(file: string): TrajectoryFile {
  const repairs = noRepairs();
  const document = storable(readJson(file, repairs), repairs);
  if (!isObject(document)) throw bad(file, 'it holds no object');
  const { trajectory, history = document.messages } = document;
  const steps = isFilled(trajectory)
    ? stepsOfTrajectory(file, trajectory, document)
    : isFilled(history)
      ? stepsOfHistory(file, history, document)
      : undefined;
  if (steps === undefined) throw bad(file, 'it has neither a trajectory nor a history with steps');
  steps.forEach((step, at) => {
    checkSize(file, step, at);
  });
  return { file, name: agentName(file), steps, repairs };
}

function readJson(file: string, repairs: Repairs): unknown {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw bad(file, messageOf(error));
  }
  try {
    // The bytes tell, not the name: files get renamed.
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = gunzipSync(bytes);
  } catch (error) {
    throw bad(file, `its gzip is damaged: ${messageOf(error)}`);
  }
  try {
    return parseForeign(storableText(bytes, repairs), repairs);
  } catch (error) {
    throw bad(file, `it is no JSON: ${messageOf(error)}`);
  }
}

function stepsOfTrajectory(file: string, trajectory: readonly Value[], document: JsonObject): readonly Step[] {
  const before = messagesBeforeWork(document.history);
  return trajectory.map((raw, at) => {
    if (!isObject(raw)) throw bad(file, `step ${at + 1} of its trajectory is no object`);
    const { thought = null, action = null, observation = null, response = null } = raw;
    return {
      messages: [...(at === 0 ? before : []), { role: 'assistant', content: response, thought, action }, { role: 'user', content: observation }],
      thought,
      action,
      observation,
      tools: toolsOf(raw.state),
      executionTime: typeof raw.execution_time === 'number' ? raw.execution_time : null,
      ...(at === 0 ? { environment: document.environment ?? null } : {}),
      ...(at === trajectory.length - 1 && isObject(document.info) ? { info: document.info } : {}),
    };
  });
}

function stepsOfHistory(file: string, history: readonly Value[], document: JsonObject): readonly Step[] {
  return history.map((message, at) => {
    if (!isObject(message)) throw bad(file, `message ${at + 1} of its history is no object`);
    const { thought = null, action = null, role, content = null } = message;
    return {
      messages: [message],
      thought,
      action,
      observation: role === 'assistant' ? null : content,
      tools: toolsOf(message.state),
      executionTime: typeof message.execution_time === 'number' ? message.execution_time : null,
      ...(at === 0 ? { environment: document.environment ?? null } : {}),
      ...(at === history.length - 1 && isObject(document.info) ? { info: document.info } : {}),
    };
  });
}

/** What the model was told before its first answer: the system's words, demonstrations, the task. */
function messagesBeforeWork(history: Value | undefined): readonly Value[] {
  if (!isFilled(history)) return [];
  const first = history.findIndex((message) => isObject(message) && message.role === 'assistant' && message.is_demo !== true);
  return first === -1 ? history : history.slice(0, first);
}

/** An object, or one as JSON text; whatever else stands there says nothing. */
function toolsOf(state: Value | undefined): JsonObject | null {
  if (isObject(state)) return state;
  if (typeof state !== 'string') return null;
  try {
    const parsed = storable(JSON.parse(state), noRepairs());
    return isObject(parsed) ? parsed : null;
  } catch {
    return null;
  }
}

/** Refused before anything was stored, so that a file is replayed as a whole or not at all. */
function checkSize(file: string, step: Step, at: number): void {
  let size: number;
  try {
    // A step is a value by its parts; its type merely names them.
    size = encode(step as unknown as Value).length;
  } catch (error) {
    throw bad(file, `step ${at + 1} cannot be kept: ${messageOf(error)}`);
  }
  if (size <= LIMITS.payloadBytes) return;
  throw new SkepError('payload-too-large', {
    message: `${file} cannot be replayed: step ${at + 1} has ${size} bytes, the limit is ${LIMITS.payloadBytes}`,
    id: file,
    remedy: 'Shorten what the step holds, or leave the file out.',
  });
}

function isFilled(value: Value | undefined): value is readonly Value[] {
  return Array.isArray(value) && value.length > 0;
}

function agentName(file: string): string {
  const bare = basename(file)
    .toWellFormed()
    .replace(/\.gz$/i, '')
    .replace(/\.json$/i, '')
    .replace(/\.traj$/i, '');
  return withinLimit(bare === '' ? basename(file) : bare);
}

/** A name that is too long keeps its beginning, and a hash of the whole so that it stays one of its own. */
export function withinLimit(name: string): string {
  if (Buffer.byteLength(name) <= LIMITS.idBytes) return name;
  const mark = `-${hashHexOf(Buffer.from(name)).slice(0, 16)}`;
  let start = name;
  while (Buffer.byteLength(start) + mark.length > LIMITS.idBytes) start = start.slice(0, -1).toWellFormed();
  return start + mark;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function bad(file: string, why: string): SkepError {
  return new SkepError('malformed', {
    message: `${file} cannot be replayed: ${why}`,
    id: file,
    remedy: 'Name files that SWE-agent wrote, as gzip or plain JSON.',
  });
}
