import { natsConformance } from './conformance-kit.js';

natsConformance({ servers: 3, flavour: 'fast' });
