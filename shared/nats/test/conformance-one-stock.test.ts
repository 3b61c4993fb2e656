import { natsConformance } from './conformance-kit.js';

natsConformance({ servers: 1, flavour: 'stock' });
