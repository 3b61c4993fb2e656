import { countText, msText, rounded } from '../../output/amounts.js';
import { CAST } from '../cast.js';
import type { Scene } from '../stage.js';

export const CHECKPOINT = 'before-the-storm';

export const checkpoint: Scene = {
  name: 'checkpoint',
  title: 'A checkpoint, while they work',
  needsMs: 500,
  after: ['work'],
  async play({ story, figures, client }) {
    const startMs = performance.now();
    const made = await Promise.all(CAST.map(({ agent }) => client.checkpoint(agent, CHECKPOINT)));
    figures.checkpoints = made.length;
    figures.checkpointMs = rounded(performance.now() - startMs);
    story.tell(`Every agent's version has a name now: "${CHECKPOINT}". Nobody stopped for it.`);
    story.figure('agents named', countText(made.length), `all of them in ${msText(figures.checkpointMs)}`);
  },
};
