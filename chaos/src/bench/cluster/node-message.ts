/** What the benchmark asks of the process of a node, one question after the other or several at once, and what it answers. */

/** How the agents talk: each to one of eight others, or to anyone. */
export type Talking = 'pass' | 'toss';

export interface NodeStart {
  readonly name: string;
  /** Where the servers are. */
  readonly servers: readonly string[];
  /** Files with the secret keys of a node and of a user that may see the servers' settings. */
  readonly keyFiles: { readonly node: string; readonly system: string };
  /** A node that was not heard this long is suspected; the default of the cluster where it is left out. */
  readonly suspectAfterMs?: number;
}

/** What a node has done since it started. */
export interface NodeTally {
  readonly turns: number;
  /** User and system time of the process. */
  readonly cpuUs: number;
  readonly batches: number;
  readonly bytes: number;
}

export interface NodeQuestions {
  start: { readonly task: NodeStart; readonly answer: { readonly lane: string; readonly level: string } };
  /** Whether messages beget messages. */
  talk: { readonly task: { readonly live: boolean }; readonly answer: null };
  tally: { readonly task: null; readonly answer: NodeTally };
  /** Names of the workers that this node holds. */
  held: { readonly task: null; readonly answer: readonly string[] };
  /** Appends batches of this size to a lane of its own, one in flight, as a lane's writer does; answers how many. */
  append: { readonly task: { readonly bytes: number; readonly durationMs: number }; readonly answer: { readonly batches: number } };
  /** Callers in the node's own process that each await their turn on one agent; answers how many turns. */
  hot: {
    readonly task: { readonly agent: string; readonly callers: number; readonly durationMs: number };
    readonly answer: { readonly turns: number };
  };
  /** One write after the other; answers the longest time between two acknowledgements. */
  writes: {
    readonly task: { readonly agent: string; readonly durationMs: number };
    readonly answer: { readonly longestGapMs: number; readonly writes: number };
  };
  /** Name of the server that leads the stream in which this node's lane lies. */
  leader: { readonly task: null; readonly answer: string };
  migrate: { readonly task: { readonly agent: string; readonly to: string }; readonly answer: { readonly pauseMs: number } };
  /** Profiles its main thread for a while; answers where the files are. */
  profile: { readonly task: { readonly id: string; readonly durationMs: number }; readonly answer: readonly string[] };
}

export type NodeQuestion = keyof NodeQuestions;

export interface ToNode {
  readonly number: number;
  readonly question: NodeQuestion;
  readonly task: unknown;
}

export type FromNode = { readonly number: number; readonly answer: unknown } | { readonly number: number; readonly failed: string };
