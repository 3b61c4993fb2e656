/** Whether a command may mean a cluster at all: found out without loading anything of NATS, which takes longer than most commands. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CommonOptions } from '../frame/frame.js';
import type { Shell } from '../frame/shell.js';
import { dataFolder } from '../opening/data-folder.js';

export type Place = Pick<CommonOptions, 'dir' | 'server' | 'creds' | 'ca' | 'universe'>;

/** The folder of the cluster that "skep up" starts on a data folder. */
export async function clusterFolder(shell: Shell, dir: string | undefined): Promise<string> {
  return join(await dataFolder(shell, dir), 'cluster');
}

export const nodesFolder = (clusterDir: string): string => join(clusterDir, 'nodes');

/** One is named, or was once started on the folder. */
export async function isClusterAtHand(shell: Shell, { server, dir }: Place): Promise<boolean> {
  return server !== undefined || existsSync(join(await clusterFolder(shell, dir), 'context.json'));
}
