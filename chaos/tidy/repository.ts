/** The files of the repository, as the tidy rules see them. */
import { readFileSync } from 'node:fs';
// @boundaries-ignore the rules judge the whole repository, and the set-up knows which files belong to it
import { inRoot } from '../../deploy/setup/places.mjs';
// @boundaries-ignore as above
import { trackedFiles } from '../../deploy/setup/tracked.mjs';
import { ROOMS } from './rooms.js';

export const files: readonly string[] = trackedFiles();

export const read = (file: string): string => readFileSync(inRoot(file), 'utf8');

export const isSource = (file: string): boolean => /\.(ts|tsx|mts|mjs|js)$/.test(file);

/** TypeScript and JavaScript of the rooms, without the set-up. */
export const sources: readonly string[] = files.filter((file) => isSource(file) && roomOf(file) !== undefined);

/** The room a file lies in, such as `shared/kernel`; undefined outside of the rooms. */
export function roomOf(file: string): string | undefined {
  const parts = file.split('/');
  return parts[0] === 'chaos'
    ? 'chaos'
    : (parts[0] === 'shared' || parts[0] === 'services') && parts.length > 3
      ? `${parts[0]}/${parts[1]}`
      : undefined;
}

/** Whether a file belongs to what a room ships, rather than to its tests and examples. */
export const isShipped = (file: string): boolean => file.startsWith(`${roomOf(file)}/src/`);

/** Folders of rooms that hold a package. */
export const rooms: readonly string[] = files
  .filter((file) => /^(shared|services)\/[^/]+\/package\.json$|^chaos\/package\.json$/.test(file))
  .map((file) => file.replace(/\/package\.json$/, ''));

export const isCore = (room: string | undefined): boolean => room !== undefined && ROOMS[room]?.kind === 'core';

export interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A package.json; `folder` is '' for the root. */
export function manifestOf(folder: string): Manifest {
  return JSON.parse(read(folder === '' ? 'package.json' : `${folder}/package.json`));
}

/** `file:line` of every match of a pattern. */
export function placesOf({ file, text, pattern }: { file: string; text: string; pattern: RegExp }): string[] {
  return [...text.matchAll(new RegExp(pattern.source, `${pattern.flags.replace('g', '')}g`))].map(
    (match) => `${file}:${text.slice(0, match.index).split('\n').length}: ${match[0].trim()}`,
  );
}
