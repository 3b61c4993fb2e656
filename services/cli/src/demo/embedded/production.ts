/** The story on one machine: a process of its own holds the folder, is killed, and another one takes over. */
import { SkepError } from '@skep/kernel';
import type { Client } from '@skep/sdk';
import { HolderProcess } from '../../holder/holder-process.js';
import { CAST } from '../cast.js';
import { type Figures, noFigures } from '../figures.js';
import { Ledger } from '../ledger.js';
import { Load } from '../load.js';
import type { Production, ProductionOptions } from '../production.js';
import { checkpoint } from '../scenes/checkpoint.js';
import { judgement } from '../scenes/judgement.js';
import { otherWay } from '../scenes/other-way.js';
import { timeTravel } from '../scenes/time-travel.js';
import { work } from '../scenes/work.js';
import { wrongTurn } from '../scenes/wrong-turn.js';
import { Stage } from '../stage.js';
import { crash } from './crash.js';

export class EmbeddedStage extends Stage {
  readonly words = {
    home: 'A process of its own holds them; this one only calls, and takes down what it is told.',
    level: 'on this disk before anybody was told',
  };
  /** The process that holds the folder now. */
  holder: HolderProcess | undefined;

  get client(): Client {
    if (this.holder === undefined) throw new SkepError('internal', { message: 'no process holds the folder of the demo', id: this.dir });
    return this.holder.client;
  }
}

export function embeddedProduction({ dir, story, boundMs }: ProductionOptions): Production<EmbeddedStage, Figures> {
  const ledger = new Ledger();
  const figures = noFigures(CAST.length);
  const stage = new EmbeddedStage(dir, story, ledger, new Load(ledger, 'holder'), figures, boundMs);
  return {
    stage,
    figures,
    // In order. Later scenes are added; none is taken away.
    scenes: [work, checkpoint, crash, judgement, wrongTurn, timeTravel, otherWay],
    async open() {
      story.say(`${story.colours.bold('Skep')}: ${CAST.length} agents, one machine, one crash. The data lie in ${dir}.`);
      stage.holder = await HolderProcess.start(dir);
    },
    async close() {
      await stage.holder?.stop();
    },
    whatToType: [],
  };
}
