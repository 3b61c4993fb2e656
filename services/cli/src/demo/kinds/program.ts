/** The module that the demo's nodes load: kinds as a default export, like a `skep.config.ts`. */
import { DEMO_KINDS } from './index.js';

export default { kinds: DEMO_KINDS };
