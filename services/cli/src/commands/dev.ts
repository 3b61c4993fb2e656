import { SkepError } from '@skep/kernel';
import type { Command } from 'commander';
import { findConfig } from '../config/find-config.js';
import { Development, type DevelopmentNews } from '../development/development.js';
import type { CommonOptions, Frame, Outcome } from '../frame/frame.js';
import { onInterruption } from '../frame/interruption.js';
import type { Shell } from '../frame/shell.js';
import { dataFolder } from '../opening/data-folder.js';
import { clockTimeText, msText, plural } from '../output/amounts.js';
import { type Colours, coloursFor } from '../output/colours.js';
import { failureText } from '../output/failure-text.js';

export function devCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'dev',
      summary: 'run the agents of this project, and reload them when their code changes',
      description:
        'Holds the data folder, loads skep.config.ts and serves every other skep command. When the configuration or a module it imports changes, the kinds are loaded again; state stays. Code that cannot be loaded is reported, and what ran before goes on.',
      examples: ['skep dev', 'skep dev --dir /var/lib/my-swarm'],
    })
    .action(frame.action(({ dir }: CommonOptions) => develop(shell, dir)));
}

async function develop(shell: Shell, given: string | undefined): Promise<Outcome> {
  const config = findConfig(shell.cwd);
  if (config === undefined) {
    throw new SkepError('not-configured', {
      message: `there is no skep.config.ts in ${shell.cwd} or above it`,
      id: shell.cwd,
      remedy: 'Start a project with "skep init my-swarm", or go to the folder of one.',
    });
  }
  const dir = await dataFolder(shell, given);
  const interruption = onInterruption();
  const counts = { reloads: 0, failures: 0 };
  const colours = coloursFor(shell.stdout, shell.env);
  const tell = (news: DevelopmentNews) => {
    if (news.kind === 'reloaded') counts.reloads += 1;
    if (news.kind === 'failed') counts.failures += 1;
    shell.stdout.write(`${shell.mode === 'json' ? newsJson(news) : newsText(news, colours)}\n`);
  };
  const development = await Development.start({ config, dir, tell });
  try {
    await interruption.happened;
  } finally {
    await development.close();
    interruption.dispose();
  }
  return { json: { dir, config, ...counts }, text: `Let go of ${dir}.` };
}

function newsJson(news: DevelopmentNews): string {
  return JSON.stringify(news.kind === 'failed' ? { ...news, error: news.error.toJSON().error } : news);
}

function newsText(news: DevelopmentNews, colours: Colours): string {
  const time = colours.dim(clockTimeText(Date.now()));
  switch (news.kind) {
    case 'started':
      return [
        `${time}  ${colours.green('running')}  ${news.dir}, kinds: ${news.kinds.join(', ') || 'none'}`,
        `          ${plural(news.recoveredAgents, 'agent')} brought back in ${msText(news.recoveryMs)}`,
        '          In a second terminal: skep agent ls, skep watch. Ctrl-C ends.',
      ].join('\n');
    case 'reloaded':
      return `${time}  ${colours.green('reloaded')}  ${news.changed.join(', ')} in ${msText(news.ms)}; kinds: ${news.kinds.join(', ') || 'none'}`;
    case 'failed':
      return `${time}  ${colours.yellow(news.running ? 'kept what ran before' : 'waiting for a correction')}\n${failureText(news.error, colours)}`;
  }
}
