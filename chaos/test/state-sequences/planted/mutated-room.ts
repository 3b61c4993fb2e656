/** Copies of the state room with one mistake in each, outside of the repository: nothing of them is in the product. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StateRoom } from '../../../src/state-sequences/state-room.js';

export interface Patch {
  /** Below the sources of the state room. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface MutatedRoom {
  readonly room: StateRoom;
  dispose(): void;
}

const SOURCES = fileURLToPath(new URL('../../../../shared/state/src', import.meta.url));

/** @throws Error if the code that the patch changes is not there any more, or twice */
export async function mutatedRoom({ file, find, replace }: Patch): Promise<MutatedRoom> {
  const original = readFileSync(join(SOURCES, file), 'utf8');
  const times = original.split(find).length - 1;
  if (times !== 1) {
    throw new Error(
      `the planted mistake does not fit any more: in ${file} of the state room this stands ${times} times instead of once. Plant it anew.\n${find}`,
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'skep-planted-'));
  const dispose = () => rmSync(folder, { recursive: true, force: true });
  try {
    cpSync(SOURCES, folder, { recursive: true });
    writeFileSync(
      join(folder, file),
      original.replace(find, () => replace),
    );
    return { room: (await import(/* @vite-ignore */ join(folder, 'index.ts'))) as StateRoom, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}
