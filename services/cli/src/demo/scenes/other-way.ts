import { agentText } from '../../arguments/agent-address.js';
import { countText } from '../../output/amounts.js';
import { player } from '../cast.js';
import type { Remembering } from '../kinds/memory.js';
import type { Scene } from '../stage.js';
import { DREAMER, RUMOUR } from './wrong-turn.js';

export const otherWay: Scene = {
  name: 'other-way',
  title: 'A branch that tries another way',
  needsMs: 500,
  after: ['wrong-turn'],
  async play({ story, figures, client, load, beforeWrongTurn }) {
    if (beforeWrongTurn === undefined) return;
    const branch = player('worker', `${DREAMER.name}-careful`);
    await client.branch(DREAMER.agent, branch.name, { version: beforeWrongTurn.version });
    await load.tell(client, branch, { method: 'examine', input: { rumour: RUMOUR } });
    const { version, value } = await client.get(branch.agent);
    figures.branchVersion = version;
    const { memories } = value as unknown as Remembering;
    story.tell(`${agentText(branch.agent)} starts from the moment before, and asks a reviewer first.`);
    story.tell(`It remembers: ${memories.at(-1) ?? ''}`);
    story.figure('memories', countText(memories.length), 'nothing was thrown away');
  },
};
