import { agentText } from '../../arguments/agent-address.js';
import { countText, msText } from '../../output/amounts.js';
import type { Remembering } from '../kinds/memory.js';
import type { Scene } from '../stage.js';
import { DREAMER } from './wrong-turn.js';

export const timeTravel: Scene = {
  name: 'time-travel',
  title: 'Back to what it knew',
  needsMs: 500,
  after: ['wrong-turn'],
  async play({ story, figures, client, beforeWrongTurn }) {
    if (beforeWrongTurn === undefined) return;
    const { version } = beforeWrongTurn;
    const startMs = performance.now();
    const was = await client.at(DREAMER.agent, version);
    const lookMs = performance.now() - startMs;
    const now = await client.restore(DREAMER.agent, { version });
    figures.restoredRootEqual = was.root === beforeWrongTurn.root && now.root === was.root;
    const last = (was.value as unknown as Remembering).memories.at(-1) ?? '';
    story.tell(`Every version can be looked at. At version ${countText(version)} ${agentText(DREAMER.agent)} last remembered "${last}".`);
    story.figure('looked back in', msText(lookMs));
    story.figure('restored as version', countText(now.version), 'a new version; the wrong turn stays in the log');
    story.figure('root as it was', figures.restoredRootEqual ? 'equal' : 'DIFFERENT', now.root.slice(0, 16));
  },
};
