import { countText } from '../../output/amounts.js';
import { CAST } from '../cast.js';
import { prove } from '../proof.js';
import type { Scene } from '../stage.js';

export const judgement: Scene = {
  name: 'judgement',
  title: 'Was anything lost?',
  needsMs: 3_500,
  after: ['work'],
  async play(stage) {
    const { story, figures, client, ledger, load } = stage;
    await load.stop();
    story.tell('This process outlived the crash. It compares every receipt it was given with the logs, and folds all');
    story.tell('events of all agents by code of its own, which knows nothing of trees or records.');
    let judged = 0;
    const proof = await prove(client, ledger, () => story.status(`${++judged} of ${CAST.length} agents compared`));
    figures.acknowledged = proof.acknowledged;
    figures.acknowledgedLost = proof.lost;
    figures.doubled = proof.doubled;
    figures.doubleCommits = proof.doubled;
    figures.gaps = proof.gaps;
    figures.rootsEqual = proof.rootsEqual;
    figures.accountsEqual = proof.accountsEqual;
    figures.events = proof.events;
    const { killedAtMs } = stage;
    if (killedAtMs !== undefined) {
      figures.committedUntold = stage.inFlightAtKill.filter((token) => (proof.timeOf.get(token) ?? Number.POSITIVE_INFINITY) <= killedAtMs).length;
    }
    story.figure('acknowledged and lost', countText(proof.lost), `of ${countText(proof.acknowledged)} calls`);
    story.figure('taken twice', countText(proof.doubled), 'calls asked again included');
    if (figures.killed)
      story.figure('done, though nobody was told', countText(figures.committedUntold), `of ${countText(figures.retried)} in flight at the kill`);
    story.figure('gaps in the versions', countText(proof.gaps));
    story.figure('roots equal', `${proof.rootsEqual} of ${CAST.length}`, `${countText(proof.events)} events folded a second time`);
    story.figure('accounts equal', `${proof.accountsEqual} of ${CAST.length}`, "the agents' own count of calls against the judge's");
  },
};
