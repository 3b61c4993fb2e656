import type { Scene } from '../stage.js';
import { checkpoint } from './checkpoint.js';
import { crash } from './crash.js';
import { judgement } from './judgement.js';
import { otherWay } from './other-way.js';
import { timeTravel } from './time-travel.js';
import { work } from './work.js';
import { wrongTurn } from './wrong-turn.js';

/** The story, in order. Later scenes are added; none is taken away. */
export const SCENES: readonly Scene[] = [work, checkpoint, crash, judgement, wrongTurn, timeTravel, otherWay];
