import { SkepError } from '@skep/kernel';
import type { Client } from '@skep/sdk';
import { type Scene, Stage } from '../stage.js';
import type { ClusterFigures } from './cluster-figures.js';
import type { DemoCluster } from './demo-cluster.js';

/** Of each caller between two calls, while nodes and servers come and go: they share the machine with those who call. */
export const STEADY_PAUSE_MS = 50;

export class ClusterStage extends Stage<ClusterFigures> {
  readonly words = {
    home: 'Nodes in processes of their own hold them; this one only calls, and takes down what it is told.',
    level: 'on the disks of most servers before anybody was told',
  };
  #cluster: DemoCluster | undefined;

  get cluster(): DemoCluster {
    if (this.#cluster === undefined) throw new SkepError('internal', { message: 'the cluster of the demo does not run', id: this.dir });
    return this.#cluster;
  }

  set cluster(cluster: DemoCluster) {
    this.#cluster = cluster;
  }

  get client(): Client {
    return this.cluster.client;
  }

  /** A scene with a fixed amount of work shows how fast the machine is just now. */
  learn({ needsMs }: Pick<Scene<ClusterStage>, 'needsMs'>, tookMs: number): void {
    this.slowness = Math.max(this.slowness, tookMs / needsMs);
  }

  async closeCluster(): Promise<void> {
    await this.#cluster?.close();
  }
}
