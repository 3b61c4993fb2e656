import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SkepError } from '@skep/kernel';
import { FORMAT } from './database.js';

/** `folder.json` stands in every folder that was set up completely; in one that has it, a missing file is damage and not a new start. */
const NAME = 'folder.json';

/** @throws SkepError `unsupported-format`, `corrupt` */
export function hasFolderMarker(dir: string): boolean {
  const file = join(dir, NAME);
  if (!existsSync(file)) return false;
  const format = formatIn(readFileSync(file, 'utf8'));
  if (format === undefined) {
    throw new SkepError('corrupt', {
      message: `${file} is damaged`,
      id: file,
      remedy: `Write {"format":${FORMAT}} into it, then run \`skep doctor\`.`,
    });
  }
  if (format > FORMAT) {
    throw new SkepError('unsupported-format', {
      message: `${dir} has format ${format}; this version reads up to ${FORMAT}`,
      id: dir,
      remedy: 'Open the folder with the version of Skep that wrote it, or a later one.',
    });
  }
  return true;
}

export function writeFolderMarker(dir: string): void {
  const file = join(dir, NAME);
  const handle = openSync(`${file}.new`, 'w');
  writeSync(handle, `${JSON.stringify({ format: FORMAT })}\n`);
  fsyncSync(handle);
  closeSync(handle);
  renameSync(`${file}.new`, file);
  // The entries of the folder, and the folder itself, are on the disk only when their directories are.
  for (const directory of [dir, dirname(dir)]) syncDirectory(directory);
}

function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return;
  try {
    const handle = openSync(directory, 'r');
    fsyncSync(handle);
    closeSync(handle);
  } catch {
    // Some file systems refuse to sync a directory, and a parent may not be readable: they keep their own promises.
  }
}

function formatIn(text: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const format: unknown = typeof parsed === 'object' && parsed !== null && 'format' in parsed ? parsed.format : undefined;
    return typeof format === 'number' ? format : undefined;
  } catch {
    return undefined;
  }
}
