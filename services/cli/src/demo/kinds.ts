import type { AnyKind } from '@skep/sdk';
export const DEMO_KINDS: readonly AnyKind[] = [];
