import { resolve } from 'node:path';
import { toSkepError } from '@skep/kernel';
import type { DoctorReport } from '@skep/sdk';
import type { Command } from 'commander';
import { isClusterAtHand } from '../cluster/at-hand.js';
import { type Check, checkCompiler, checkConfig, checkFolder, checkNode } from '../doctor/checks.js';
import { EXIT } from '../frame/exit-code.js';
import type { CommonOptions, Frame } from '../frame/frame.js';
import type { Shell } from '../frame/shell.js';
import { DATA_FOLDER, dataFolder } from '../opening/data-folder.js';
import { withClient } from '../opening/open-client.js';
import { type Colours, coloursFor } from '../output/colours.js';

export function doctorCommand(frame: Frame): Command {
  const { shell } = frame;
  return frame
    .command({
      usage: 'doctor',
      reach: 'cluster',
      summary: 'check the machine, the configuration, and the data or the cluster',
      description:
        'Checks the tools, the configuration and the data folder; of a cluster its servers (version, sync_interval, the level that they hold, clocks), its nodes and what is not served. Says which tenants have an address key, by its fingerprint, and who has it. Exit code 1 when data, cluster or configuration are damaged or an address key is missing, 3 when a tool is missing.',
      examples: ['skep doctor', 'skep doctor --server nats://10.0.0.5:4222 --creds credentials'],
    })
    .action(
      frame.action(async (options: CommonOptions) => {
        // A configuration that cannot be loaded is a finding of its own.
        const dir = await dataFolder(shell, options.dir).catch(() => resolve(shell.cwd, DATA_FOLDER));
        const tools = [checkNode(process.versions.node), checkCompiler(shell.env), checkFolder(dir)];
        const checks = [...tools, await checkConfig(shell), ...(await checkData(shell, options))];
        const ok = checks.every((check) => check.ok);
        const exit = ok ? EXIT.done : tools.every((check) => check.ok) ? EXIT.refused : EXIT.unavailable;
        return { json: { ok, checks } satisfies DoctorReport, text: reportText(checks, coloursFor(shell.stdout, shell.env)), exit };
      }),
    );
}

/** What the Skep, or the cluster, says about its own data; a folder that cannot be opened is a finding, no failure of the doctor. */
async function checkData(shell: Shell, at: CommonOptions): Promise<readonly Check[]> {
  try {
    if (await isClusterAtHand(shell, at)) {
      const { checkCluster, findCluster } = await import('../cluster/work.js');
      const cluster = await findCluster(shell, at);
      if (cluster !== undefined) return await checkCluster(cluster);
    }
    return await withClient(shell, { at, purpose: 'read' }, async ({ client }) => (await client.doctor()).checks);
  } catch (error) {
    const { message, remedy } = toSkepError(error);
    return [{ name: 'data', ok: false, detail: message, remedy }];
  }
}

function reportText(checks: readonly Check[], colours: Colours): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.map(({ name, ok, detail, remedy }) => {
    const line = `${ok ? colours.green('ok  ') : colours.red('FAIL')}  ${name.padEnd(width)}  ${detail}`;
    return ok || remedy === null ? line : `${line}\n${' '.repeat(8 + width)}${remedy}`;
  });
  const failed = checks.filter(({ ok }) => !ok).length;
  return [...lines, failed === 0 ? 'All is well.' : `${failed} of ${checks.length} checks failed.`].join('\n');
}
