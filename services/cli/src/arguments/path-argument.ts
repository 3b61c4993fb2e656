import type { Path, Value } from '@skep/kernel';
import { SkepError } from '@skep/kernel';
import { UsageError } from '../frame/usage-error.js';

/** `memories.0.text`, or a JSON list of keys and indexes for keys that have dots. @throws UsageError */
export function parsePath(text: string): Path {
  if (!text.startsWith('['))
    return text
      .replace(/\[(\d+)\]/g, '.$1')
      .split('.')
      .filter((step) => step !== '');
  let path: unknown;
  try {
    path = JSON.parse(text);
  } catch {
    path = undefined;
  }
  if (Array.isArray(path) && path.every((step) => typeof step === 'string' || typeof step === 'number')) return path;
  throw new UsageError({ message: `"${text}" is no path`, remedy: 'Write memories.0.text, or a JSON list: ["memories",0,"text"].', id: text });
}

/** What lies there; digits also name a place in a list. @throws SkepError `invalid-path` */
export function valueAt(value: Value, path: Path): Value {
  let at: unknown = value;
  for (const step of path) {
    const isHolder = typeof at === 'object' && at !== null && !(at instanceof Date) && !(at instanceof Uint8Array);
    if (!isHolder || !Object.hasOwn(at as object, step) || (Array.isArray(at) && !/^\d+$/.test(String(step)))) {
      throw new SkepError('invalid-path', { message: `the state has nothing at ${path.join('.')}`, id: path.join('.') });
    }
    at = (at as Record<string | number, unknown>)[step];
  }
  return at as Value;
}

/** The path with digits that stand for places in lists as numbers. */
export function stepsInto(value: Value, path: Path): Path {
  let at: unknown = value;
  return path.map((given) => {
    const step = Array.isArray(at) && /^\d+$/.test(String(given)) ? Number(given) : given;
    at = typeof at === 'object' && at !== null && Object.hasOwn(at, step) ? (at as Record<string | number, unknown>)[step] : undefined;
    return step;
  });
}
