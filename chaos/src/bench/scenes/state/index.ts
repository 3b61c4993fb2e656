/** `npm run bench -- state`: the versioned state of one agent, without nodes, lanes or disks. */
import type { SceneGroup } from '../../scene.js';
import { branch, fastForward, merge } from './branch.js';
import { bytesPerCheckpoint } from './bytes.js';
import { freeze, sealed } from './checkpoint.js';
import { memoryOverhead } from './memory.js';
import { diff, readPath, restoreMemory } from './reading.js';
import { scale } from './scale.js';
import { superposition } from './superposition.js';
import { listPush, write } from './writing.js';

export function stateScenes(): SceneGroup {
  return {
    scenes: [
      freeze,
      sealed,
      branch,
      fastForward,
      merge,
      diff,
      restoreMemory,
      readPath,
      write,
      listPush,
      superposition,
      memoryOverhead,
      bytesPerCheckpoint,
      scale,
    ],
    peers: ['state-langgraph', 'state-immutable', 'state-automerge'],
    close: async () => {},
  };
}
