import type { AnyKind } from '@skep/actor';

/** What `skep.config.ts` exports by default. */
export interface SkepConfig {
  readonly kinds: readonly AnyKind[];
  /** The data folder, relative to the configuration. Default `.skep`. */
  readonly dir?: string;
  /**
   * By tenant, 32 random bytes, or the path of a file that holds them as 64 hexadecimal digits, relative to the configuration; see
   * `addressKeys` of `openSkep`.
   */
  readonly addressKeys?: Readonly<Record<string, Uint8Array | string>>;
}

/** Gives a configuration its type. */
export function defineSkep(config: SkepConfig): SkepConfig {
  return config;
}
