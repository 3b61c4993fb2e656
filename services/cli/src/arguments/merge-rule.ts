import type { MergeRule, MergeStrategy } from '@skep/sdk';
import { UsageError } from '../frame/usage-error.js';
import { parsePath } from './path-argument.js';

const NAMED = ['ours', 'theirs', 'last-writer', 'counter', 'set', 'text'] as const;

/** `count=counter`, `items=list-by-id:id`, `notes.*.text=text`. @throws UsageError */
export function mergeRule(text: string): MergeRule {
  const at = text.lastIndexOf('=');
  const [path, name] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
  const key = /^list-by-id:(.+)$/s.exec(name)?.[1];
  const resolve: MergeStrategy | undefined = key === undefined ? NAMED.find((each) => each === name) : { kind: 'list-by-id', key };
  if (at >= 0 && resolve !== undefined) return { path: parsePath(path), resolve };
  throw new UsageError({
    message: `"${text}" is no rule`,
    remedy: `Write a path, = and one of ${NAMED.join(', ')} or list-by-id:<field>: items=list-by-id:id.`,
    id: text,
  });
}
