/** Elections of the NATS servers: who leads which stream, looked at again and again; a leader that is another one was elected. */
import type { StreamLeader } from '@skep/nats/servers';

const LOOK_MS = 1_000;

export class Elections {
  readonly #leaders = new Map<string, string>();
  readonly #timer: NodeJS.Timeout;
  #seen = 0;
  #leaderless = 0;
  #looking = false;

  constructor(private readonly ask: () => Promise<readonly StreamLeader[]>) {
    this.#timer = setInterval(() => void this.look(), LOOK_MS);
    void this.look();
  }

  /** Leaders that changed since the first look. */
  get seen(): number {
    return this.#seen;
  }

  /** Streams that had no leader at the last look. */
  get leaderless(): number {
    return this.#leaderless;
  }

  /** How many streams each server leads, ascending by name. */
  get leads(): readonly (readonly [server: string, streams: number])[] {
    const counts = new Map<string, number>();
    for (const leader of this.#leaders.values()) counts.set(leader, (counts.get(leader) ?? 0) + 1);
    return [...counts].sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /** One look; when nobody answers, what was seen last stays. */
  async look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const leaders = await this.ask();
      this.#leaderless = leaders.filter(({ leader }) => leader === undefined).length;
      for (const { stream, leader } of leaders) {
        if (leader === undefined) continue;
        const before = this.#leaders.get(stream);
        if (before !== undefined && before !== leader) this.#seen += 1;
        this.#leaders.set(stream, leader);
      }
    } catch {
      // The servers are away, or elect.
    } finally {
      this.#looking = false;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
