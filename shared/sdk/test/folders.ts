/** Fresh folders for one test file, removed after each test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type Client, connectSkep, type OpenOptions, openSkep, type Skep } from '../src/index.js';

export function freshFolders() {
  let dirs: string[] = [];
  let closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.reverse()) await close();
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
    dirs = [];
    closers = [];
  });
  const freshDir = (): string => {
    const dir = mkdtempSync(join(tmpdir(), 'skep-sdk-'));
    dirs.push(dir);
    return dir;
  };
  const open = async (dir: string, options: Omit<OpenOptions, 'dir'> = {}): Promise<Skep> => {
    const skep = await openSkep({ dir, ...options });
    closers.push(() => skep.close());
    return skep;
  };
  const connect = async (dir: string, options: { readonly deadlineMs?: number } = {}): Promise<Client> => {
    const client = await connectSkep(dir, options);
    if (client === undefined) throw new Error(`nobody holds ${dir}`);
    closers.push(() => client.close());
    return client;
  };
  return { freshDir, open, connect };
}
