/** A module of kinds for processes of nodes: those that come with the command line. */
import { fileURLToPath } from 'node:url';
import type { AnyKind } from '@skep/sdk';
import { DEMO_KINDS } from '../demo/kinds/index.js';
import { Trajectory } from '../replay/trajectory-kind.js';

const kinds: readonly AnyKind[] = [Trajectory, ...DEMO_KINDS];

export default { kinds };

/** Its built file: nodes are processes of their own. */
export const OUR_KINDS_FILE = fileURLToPath(new URL('../../dist/config/our-kinds.js', import.meta.url));
