/**
 * A project while it is written: its folder is held and served, and its kinds are replaced when their code changes.
 *
 *   start --> running <----------- loaded
 *               |  file changed      ^
 *               +--> loading --------+
 *                       |  cannot be loaded
 *                       +--> running with what was loaded before
 *
 * - D1 State lives in the folder alone; the Skep is opened anew with the new kinds, so a reload is a clean restart without the wait.
 * - D2 Loading fails before anything is closed: broken code never stops what runs.
 */
import { relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { isSkepError, type SkepError, toSkepError } from '@skep/kernel';
import { type AnyKind, openSkep, type Skep } from '@skep/sdk';
import { ConfigError, loadConfig, type Project } from '@skep/sdk/project';
import { withOurKinds } from '../config/kinds.js';
import { FileWatch } from './file-watch.js';

/** Between closing and opening, a command of a second terminal may hold the folder for as long as it takes. */
const REOPEN_MS_MAX = 10_000;
const REOPEN_PAUSE_MS = 20;

export type DevelopmentNews =
  | {
      readonly kind: 'started';
      readonly dir: string;
      readonly kinds: readonly string[];
      readonly recoveredAgents: number;
      readonly recoveryMs: number;
    }
  | { readonly kind: 'reloaded'; readonly changed: readonly string[]; readonly kinds: readonly string[]; readonly ms: number }
  | { readonly kind: 'failed'; readonly error: SkepError; readonly running: boolean };

export interface DevelopmentOptions {
  readonly config: string;
  readonly dir: string;
  readonly tell: (news: DevelopmentNews) => void;
}

export class Development {
  readonly #watch = new FileWatch((changed) => this.#enqueue(changed));
  #skep: Skep | undefined;
  #files: readonly string[] = [];
  /** When the files were begun to be read. */
  #readMs = 0;
  /** Reloads happen one after the other. */
  #work: Promise<void> = Promise.resolve();

  /** @throws SkepError when the folder cannot be held */
  static async start(options: DevelopmentOptions): Promise<Development> {
    const development = new Development(options);
    const project = await development.#load();
    // Even without kinds the folder is held: commands work, and the next correction is picked up.
    development.#skep = await development.#open(project ?? { kinds: [], addressKeys: {} }, 0);
    if (project !== undefined) {
      const { recovery } = await development.#skep.client.status();
      options.tell({ kind: 'started', dir: options.dir, kinds: namesOf(project.kinds), recoveredAgents: recovery.agents, recoveryMs: recovery.ms });
    }
    development.#watch.follow(development.#files, development.#readMs);
    return development;
  }

  private constructor(private readonly options: DevelopmentOptions) {}

  async close(): Promise<void> {
    this.#watch.close();
    await this.#work;
    await this.#skep?.close();
  }

  #enqueue(changed: readonly string[]): void {
    this.#work = this.#work.then(() => this.#reload(changed)).catch((error: unknown) => this.#fail(toSkepError(error)));
  }

  async #reload(changed: readonly string[]): Promise<void> {
    const startMs = performance.now();
    const project = await this.#load();
    this.#watch.follow(this.#files, this.#readMs);
    if (project === undefined) return;
    await this.#skep?.close();
    this.#skep = undefined;
    this.#skep = await this.#open(project, REOPEN_MS_MAX);
    const { config, tell } = this.options;
    const shown = changed.map((file) => relative(config.slice(0, config.lastIndexOf('skep.config')), file));
    tell({ kind: 'reloaded', changed: shown, kinds: namesOf(project.kinds), ms: performance.now() - startMs });
  }

  async #load(): Promise<Project | undefined> {
    this.#readMs = Date.now();
    try {
      const { files, ...project } = await loadConfig(this.options.config);
      this.#files = files;
      return project;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // What the last good load imported is watched on: the mistake may lie in a module that was not reached this time.
      this.#files = [...new Set([...this.#files, ...error.files])];
      this.#fail(error.error);
      return undefined;
    }
  }

  async #open({ kinds, addressKeys }: Project, waitMs: number): Promise<Skep> {
    const { dir } = this.options;
    const untilMs = performance.now() + waitMs;
    for (;;) {
      try {
        return await openSkep({ dir, kinds: withOurKinds(kinds, dir), addressKeys });
      } catch (error) {
        if (!isSkepError(error, 'folder-held') || performance.now() > untilMs) throw error;
        await pause(REOPEN_PAUSE_MS);
      }
    }
  }

  #fail(error: SkepError): void {
    this.options.tell({ kind: 'failed', error, running: this.#skep !== undefined });
  }
}

function namesOf(kinds: readonly AnyKind[]): readonly string[] {
  return kinds.map(({ kind }) => kind);
}
