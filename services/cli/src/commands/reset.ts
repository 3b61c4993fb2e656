import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { SkepError } from '@skep/kernel';
import { connectSkep } from '@skep/sdk';
import type { Command } from 'commander';
import type { CommonOptions, Frame } from '../frame/frame.js';
import type { Shell } from '../frame/shell.js';
import { dataFolder, holdsData } from '../opening/data-folder.js';

interface Options extends CommonOptions {
  readonly yes?: true;
}

const CONFIRMATION = 'yes';

export function resetCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'reset',
      summary: 'remove the data folder and everything in it',
      description: 'Removes the data folder: every agent, every version. Asks first. Refused while a process holds the folder.',
      examples: ['skep reset', 'skep reset --dir .skep/demo --yes'],
    })
    .option('--yes', 'do not ask')
    .action(
      frame.action(async ({ dir: given, yes }: Options) => {
        const dir = await dataFolder(shell, given);
        if (!existsSync(dir)) return { json: { dir, removed: false }, text: `There is no ${dir}.` };
        const folders = dataFoldersIn(dir);
        if (folders.length === 0) throw refusal(dir, `${dir} is no data folder`, 'Name the folder that holds the data with --dir.');
        for (const each of folders) await refuseHeld(each);
        if (!yes) await confirm(shell, dir);
        rmSync(dir, { recursive: true });
        return { json: { dir, removed: true }, text: `Removed ${dir}.` };
      }),
    );
}

/** The folder itself and those directly in it, such as the demo's, where they hold data. */
function dataFoldersIn(dir: string): readonly string[] {
  const below = readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(dir, entry.name));
  return [dir, ...below].filter((each) => holdsData(each) || existsSync(join(each, 'context.json')));
}

async function refuseHeld(dir: string): Promise<void> {
  if (existsSync(join(dir, 'context.json'))) {
    const { isClusterRunning, readClusterContext } = await import('../cluster/work.js');
    const cluster = readClusterContext(dir);
    if (cluster === undefined || !isClusterRunning(dir, cluster)) return;
    throw new SkepError('folder-held', { message: 'a cluster runs on this folder', id: dir, remedy: 'End it with "skep down", then reset again.' });
  }
  const holder = await connectSkep(dir);
  if (holder === undefined) return;
  const { pid } = await holder.status();
  await holder.close();
  throw new SkepError('folder-held', {
    message: `the folder ${dir} is held by process ${pid}`,
    id: dir,
    remedy: `Stop process ${pid}, then reset again.`,
  });
}

async function confirm(shell: Shell, dir: string): Promise<void> {
  const unconfirmed = () => refusal(dir, 'nothing was removed, because nobody confirmed it', `Type "${CONFIRMATION}" when asked, or add --yes.`);
  if (shell.stdin.isTTY !== true) throw unconfirmed();
  const asking = createInterface({ input: shell.stdin, output: process.stderr });
  try {
    const answer = await asking.question(`This removes ${dir} with every agent and version in it. Type "${CONFIRMATION}" to go on: `);
    if (answer.trim() !== CONFIRMATION) throw unconfirmed();
  } finally {
    asking.close();
  }
}

function refusal(dir: string, message: string, remedy: string): SkepError {
  return new SkepError('invalid-input', { message, id: dir, remedy });
}
