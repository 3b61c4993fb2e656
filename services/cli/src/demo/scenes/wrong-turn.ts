import { agentText } from '../../arguments/agent-address.js';
import { countText } from '../../output/amounts.js';
import { changeText } from '../../output/value-text.js';
import { player } from '../cast.js';
import type { Remembering } from '../kinds/memory.js';
import type { Scene } from '../stage.js';

/** Who takes the wrong turn, and what it hears. */
export const DREAMER = player('worker', 'north-3');
export const RUMOUR = 'all meadows are paved';

const CHANGES_SHOWN = 4;
const CHANGE_CHARACTERS_MAX = 96;

export const wrongTurn: Scene = {
  name: 'wrong-turn',
  title: 'A wrong turn',
  needsMs: 500,
  after: ['work'],
  async play(stage) {
    const { story, figures, load } = stage;
    await load.stop();
    const { client } = stage;
    const before = await client.get(DREAMER.agent);
    await load.tell(client, DREAMER, { method: 'trust', input: { rumour: RUMOUR } });
    const after = await client.get(DREAMER.agent);
    figures.wrongTurnVersion = after.version;
    const memories = (value: unknown) => countText((value as Remembering).memories.length);
    story.tell(`${agentText(DREAMER.agent)} hears that "${RUMOUR}", believes it, and throws away what it knew.`);
    story.figure('memories', memories(after.value), `version ${countText(before.version)} had ${memories(before.value)}`);
    const changes = await client.diff(DREAMER.agent, before.version, after.version);
    for (const change of changes.slice(0, CHANGES_SHOWN)) story.tell(`  ${shown(changeText(change, story.colours))}`);
    if (changes.length > CHANGES_SHOWN) story.tell(`  and ${countText(changes.length - CHANGES_SHOWN)} more changes`);
    stage.beforeWrongTurn = before;
  },
};

function shown(line: string): string {
  return line.length <= CHANGE_CHARACTERS_MAX ? line : `${line.slice(0, CHANGE_CHARACTERS_MAX)}...`;
}
