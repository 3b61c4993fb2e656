import type { AnyKind } from '@skep/actor';

/** What `skep.config.ts` exports by default. */
export interface SkepConfig {
  readonly kinds: readonly AnyKind[];
  /** The data folder, relative to the configuration. Default `.skep`. */
  readonly dir?: string;
}

/** Gives a configuration its type. */
export function defineSkep(config: SkepConfig): SkepConfig {
  return config;
}
