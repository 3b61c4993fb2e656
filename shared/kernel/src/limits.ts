/** Every limit of the core, by name, with its unit last. Options may lower most of them; none is exceeded silently. */
export const LIMITS = {
  /** A tenant's, kind's or agent's name. */
  idBytes: 128,
  /** One call's or message's input, encoded. */
  payloadBytes: 1024 * 1024,
  /** One turn's record, encoded: changes, sends, steps. */
  recordBytes: 4 * 1024 * 1024,
  /** Soft size of a lane's batch: a batch takes records until it is reached. */
  batchBytes: 512 * 1024,
  batchRecords: 4096,
  /** A batch that is on its way to the log for this long, its outcome unknown, ends its incarnation. */
  appendInDoubtMs: 30_000,
  /** Nesting of a value. */
  valueDepth: 128,
  /** One agent's state, encoded. */
  stateBytes: 64 * 1024 * 1024,
  /** A text that the merge rule `text` looks through, in UTF-16 units. */
  mergedTextUnits: 1024 * 1024,
  /** Deltas that reading one checkpoint applies, one on the other. */
  chainDeltas: 128,
  registryValueBytes: 64 * 1024,
  /** Messages that wait in one agent's mailbox. */
  mailboxMessages: 4096,
  /** Messages of one agent that their receivers have not taken. */
  outboxMessages: 4096,
  /** Timers of one agent. */
  timers: 1024,
  /** Steps that one turn journals. */
  stepsPerTurn: 10_000,
  /** Age after which a raw operation id is refused as too old. */
  operationWindowMs: 10 * 60_000,
  /** Operation ids that one agent remembers within the window. */
  operationsPerAgent: 4096,
  /** Calls of one session to one agent that may be unanswered at once. */
  sessionWindow: 1024,
  /** Sessions that one agent remembers; the least recently used one is dropped. */
  sessionsPerAgent: 1024,
  /** A turn that makes no progress (no step settles) for this long fails. */
  turnDeadlineMs: 60_000,
  /** A handler that holds the thread this long is named by the watchdog. */
  blockedThreadMs: 1_000,
  /** How far a received clock may be ahead of the own one. */
  clockDriftMs: 60_000,
  /** Versions of one agent, before its newest, that stay in memory. */
  versionsRetained: 100,
  /** Versions in a node's memory, the newest of each agent and those before. */
  memoryBytes: 512 * 1024 * 1024,
  /** What a process remembers of nodes that were sealed, so that their next versions are sealed faster; beside `memoryBytes`. */
  encodingsBytes: 32 * 1024 * 1024,
  /** Agents that a node holds in memory at once. */
  activations: 200_000,
  /** Superpositions of one agent, those that can still be undone included. */
  superpositions: 16,
  /** Branches of one superposition, and of one `ctx.superpose`. */
  superpositionBranches: 256,
  /** What the branches of one superposition hold beyond what they share with its base; the least likely are evicted above it. */
  superpositionBytes: 16 * 1024 * 1024,
  /** The same of all superpositions of one agent together: its snapshot holds them, and has twice `stateBytes` at most. */
  superpositionsBytes: 48 * 1024 * 1024,
  /** The weight floor: a branch against which the odds are longer than this to one is evicted. */
  superpositionOddsMax: 1_000_000_000,
  /** How long a collapse can be undone where nothing else is said. */
  superpositionGraceMs: 10 * 60_000,
  /** Pieces of evidence that one branch names; its weight holds older ones, too. */
  superpositionEvidence: 64,
  /** Branches that one `ctx.superpose` runs at the same time where nothing else is said. */
  superposeConcurrency: 8,
  /** How deep `superpose` may stand in branches of others. */
  superposeDepth: 4,
  /** Agents met in a chain of calls. */
  callChain: 32,
} as const;

export type Limits = { readonly [Name in keyof typeof LIMITS]: number };
