import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { SkepError } from '@skep/kernel';
import type { Command } from 'commander';
import type { Frame } from '../frame/frame.js';
import { projectFiles } from '../project/files.js';

export function initCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'init [folder]',
      summary: 'start a project: one kind of agent, a test, a README',
      description: 'Starts a project in a folder (default: this one). Nothing that exists is overwritten.',
      examples: ['skep init my-swarm'],
      folder: 'not used',
    })
    .action(
      frame.action(async (given: string | undefined) => {
        const folder = resolve(shell.cwd, given ?? '.');
        const files = projectFiles({ name: packageName(folder), version: shell.version });
        writeNew(folder, files);
        const here = relative(shell.cwd, folder);
        const steps = [...(here === '' ? [] : [`cd ${here}`]), 'npm install', 'npm test', 'npm run dev'];
        return {
          json: { folder, files: files.map(({ path }) => path) },
          text: [`Made ${folder} with`, ...files.map(({ path }) => `  ${path}`), 'Next:', ...steps.map((step) => `  ${step}`)].join('\n'),
        };
      }),
    );
}

/** All files or none. @throws SkepError */
function writeNew(folder: string, files: ReturnType<typeof projectFiles>): void {
  const refuse = (message: string, remedy: string): never => {
    throw new SkepError('invalid-input', { message: `${message}; nothing was written`, id: folder, remedy });
  };
  if (existsSync(folder) && !statSync(folder).isDirectory()) refuse(`${folder} is no folder`, 'Name another folder.');
  const existing = files.map(({ path }) => path).filter((path) => existsSync(join(folder, path)));
  if (existing.length > 0) refuse(`${folder} holds ${existing.join(', ')} already`, 'Name a folder without these files, such as: skep init my-swarm');
  const written: string[] = [];
  try {
    for (const { path, text } of files) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      // `wx` refuses what came into being since the look above.
      writeFileSync(file, text, { flag: 'wx' });
      written.push(file);
    }
  } catch (error) {
    for (const file of written) rmSync(file, { force: true });
    refuse(`${folder} cannot be written: ${error instanceof Error ? error.message : String(error)}`, 'Name a folder that this user may write to.');
  }
}

/** The folder's name as npm allows it. */
function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9._~-]+/g, '-')
    .replace(/^[._-]+|-+$/g, '');
  return name === '' ? 'my-swarm' : name.slice(0, 200);
}
