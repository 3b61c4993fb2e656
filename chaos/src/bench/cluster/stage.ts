/** One cluster for all scenes of a run that leave it as they found it; opened by the first, closed at the end. */

import type { Row } from '../row.js';
import type { Run, Scene } from '../scene.js';
import { AGENTS } from '../swarm.js';
import { MeasuredCluster } from './measured-cluster.js';

export class Stage {
  private opened: Promise<MeasuredCluster> | undefined;

  /** A scene on the common cluster. */
  scene(id: string, run: (cluster: MeasuredCluster, run: Run) => Promise<readonly Row[]>): Scene {
    return {
      id,
      run: async (bench) => {
        this.opened ??= open(bench);
        return await run(await this.opened, bench);
      },
    };
  }

  async close(): Promise<void> {
    const cluster = await this.opened?.catch(() => undefined);
    this.opened = undefined;
    await cluster?.close();
  }
}

async function open({ folder, say }: Run): Promise<MeasuredCluster> {
  say('starting three servers and three nodes');
  const cluster = await MeasuredCluster.open({ dir: folder(), patient: true });
  try {
    await cluster.steps(AGENTS);
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}
