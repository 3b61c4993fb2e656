/** `bytes.per.checkpoint`: what one version adds to what is kept, over a thousand steps. */
import { rowOf } from '../../row.js';
import type { Run, Scene } from '../../scene.js';
import { ENCODING, KeptBytes } from './kept-bytes.js';
import { SUBJECTS, written } from './subject.js';

export const bytesPerCheckpoint: Scene = {
  id: 'bytes.per.checkpoint',
  async run({ plan, conditions }: Run) {
    return SUBJECTS.filter(({ name }) => name !== 'X').map((subject) => {
      const kept = new KeptBytes();
      let { tree } = subject;
      const first = kept.add(tree);
      const samples: number[] = [];
      for (let to = 0; to < plan.steps; to += 1) {
        tree = written(tree, subject, { count: 1, from: to, to });
        samples.push(kept.add(tree));
      }
      const all = samples.reduce((sum, bytes) => sum + bytes, first);
      const whole = JSON.stringify(tree.value()).length;
      const mean = Math.round(all / (plan.steps + 1));
      const note = `one field changed a step; ${ENCODING}; ${mean} bytes a version with the first one; ${conditions}`;
      const row = rowOf({ id: 'bytes.per.checkpoint', state: subject.name, unit: 'bytes', samples, note });
      return { ...row, peer: `the whole as JSON: ${whole.toLocaleString('en-US')} bytes`, ratio: Number((whole / row.p50).toPrecision(4)) };
    });
  },
};
