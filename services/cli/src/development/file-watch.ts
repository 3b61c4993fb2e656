/** Tells when one of a set of files changed its content. */
import { createHash } from 'node:crypto';
import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import { dirname } from 'node:path';

/** Editors write a file in several steps; what comes within this time is one change. */
const QUIET_MS = 60;

/** No digest: whatever the file holds is something else than what was read. */
const CHANGED = 'changed';

export class FileWatch {
  #watchers: FSWatcher[] = [];
  #digests = new Map<string, string>();
  #timer: NodeJS.Timeout | undefined;

  /** @param changed gets the files whose content is another one than before */
  constructor(private readonly changed: (files: readonly string[]) => void) {}

  /**
   * Watches these files from now on, and no others. What changed since they were watched last is told; of those that are new here, what
   * changed since `readMs` (wall clock), when somebody began to read them.
   */
  follow(files: readonly string[], readMs: number): void {
    this.#closeWatchers();
    const known = this.#digests;
    this.#digests = new Map(files.map((file) => [file, known.get(file) ?? (changedMs(file) >= readMs ? CHANGED : digestOf(file))]));
    // Folders, not files: an editor that replaces a file would leave us watching the one that is gone.
    for (const folder of new Set(files.map((file) => dirname(file)))) {
      try {
        const watcher = watch(folder, () => this.#look());
        watcher.on('error', () => watcher.close());
        this.#watchers.push(watcher);
      } catch {
        // A folder that is gone cannot change; the file that named it fails to load and is told.
      }
    }
    this.#look();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#closeWatchers();
  }

  #look(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const changed: string[] = [];
      for (const [file, digest] of this.#digests) {
        const now = digestOf(file);
        if (now !== digest) changed.push(file);
        this.#digests.set(file, now);
      }
      if (changed.length > 0) this.changed(changed);
    }, QUIET_MS);
  }

  #closeWatchers(): void {
    for (const watcher of this.#watchers) watcher.close();
    this.#watchers = [];
  }
}

function changedMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function digestOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('hex');
  } catch {
    return 'absent';
  }
}
