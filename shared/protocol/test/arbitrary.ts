/** Records of every shape, for properties. */
import { type AgentId, agentId, type Value } from '@skep/kernel';
import fc from 'fast-check';
import type { AgentRecord, Cause, RecordEdit, RecordEvent, RecordRest, ReplySlot, StepOutcome, SuperpositionItem } from '../src/index.js';

export const AGENT: AgentId = agentId({ tenant: 'default', kind: 'counter', name: 'a1' });

const texts = fc.string({ unit: 'grapheme', maxLength: 12 });
const wholes = fc.oneof(fc.constantFrom(0, 1, 127, 128, Number.MAX_SAFE_INTEGER), fc.nat());
const agents = fc.constantFrom(AGENT, agentId({ tenant: 'Ten.Ant', kind: 'k', name: 'é *' }));
const byteLists = fc.uint8Array({ maxLength: 20 });

export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    fc.constantFrom(null, true, false, 0.5, -1),
    fc.maxSafeInteger(),
    texts,
    byteLists,
    fc.date({ noInvalidDate: true }),
    fc.array(tie('value'), { maxLength: 4 }),
    // Members in the order of their bytes, as they come back.
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { noNullPrototype: true }).map((object) => {
      const sorted = Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1));
      return Object.fromEntries(sorted) as Value;
    }),
  ),
})).value;

const paths = fc.array(fc.oneof(texts, fc.nat({ max: 1000 })), { maxLength: 4 });
const edits: fc.Arbitrary<RecordEdit> = fc.oneof(
  fc.record({ kind: fc.constantFrom('create' as const, 'update' as const), path: paths, new: values }),
  fc.record({ kind: fc.constant('delete' as const), path: paths }),
);
const events: fc.Arbitrary<RecordEvent> = fc.record({ type: texts, data: values, edits: fc.array(edits, { maxLength: 4 }) });

const causes: fc.Arbitrary<Cause> = fc.oneof(
  fc.record({ kind: fc.constantFrom('call' as const, 'control' as const), operation: fc.option(texts) }),
  fc.record({ kind: fc.constant('message' as const), from: agents, sequence: wholes }),
  fc.record({ kind: fc.constant('timer' as const), name: texts }),
);

const slots: fc.Arbitrary<ReplySlot> = fc.oneof(
  fc.record({ kind: fc.constant('operation' as const), id: texts }),
  fc.record({ kind: fc.constant('session' as const), id: texts, number: wholes, acknowledged: wholes }),
);

const sends = fc.record({ to: agents, sequence: wholes, method: texts, input: values, correlation: fc.option(texts) });
const timers = fc.record({ name: texts, atMs: fc.option(wholes), everyMs: wholes, method: texts, input: values });
const likelihoods = fc.tuple(
  texts,
  fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((log) => log + 0),
);
const branches = fc.record({
  name: texts,
  work: fc.constantFrom('under-way' as const, 'committed' as const),
  logWeight: fc.double({ noNaN: true, min: -1e6, max: 1e6 }).map((log) => log + 0),
  content: fc.array(edits, { maxLength: 3 }),
});
const superpositions: fc.Arbitrary<SuperpositionItem> = fc.oneof(
  fc.record({ kind: fc.constant('created' as const), name: texts, graceMs: wholes, branches: fc.array(branches, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('added' as const), name: texts, seed: branches }),
  fc.record({ kind: fc.constant('changed' as const), name: texts, branch: texts, content: fc.array(edits, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('committed' as const), name: texts, branch: texts }),
  fc.record({ kind: fc.constant('collapsed' as const), name: texts, branch: texts, weight: fc.constantFrom(0, 0.5, 1) }),
  fc.record({ kind: fc.constant('weighed' as const), name: texts, label: texts, logLikelihoods: fc.array(likelihoods, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('scored' as const), name: texts, branch: texts, score: fc.integer() }),
  fc.record({ kind: fc.constant('failed' as const), name: texts, branch: texts, reason: texts }),
  fc.record({ kind: fc.constant('ended' as const), name: texts }),
);
const rests: fc.Arbitrary<RecordRest> = fc.record(
  {
    sends: fc.array(sends, { minLength: 1, maxLength: 3 }),
    taken: fc.array(fc.tuple(agents, wholes), { minLength: 1, maxLength: 3 }),
    timers: fc.array(timers, { minLength: 1, maxLength: 3 }),
    reply: fc.record({ slot: slots, body: byteLists, value: values }),
    status: fc.constantFrom('active' as const, 'suspended' as const, 'stopped' as const, 'quarantined' as const, 'terminated' as const),
    checkpoint: fc.record({ name: texts, root: texts }),
    lineage: fc.record({ agent: agents, version: wholes, root: texts }),
    superposition: fc.array(superpositions, { minLength: 1, maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const outcomes: fc.Arbitrary<StepOutcome> = fc.oneof(
  fc.record({ kind: fc.constant('value' as const), value: values }),
  fc.record({ kind: fc.constant('error' as const), code: texts, message: texts }),
);

const common = { version: wholes, ms: wholes, counter: wholes, cause: causes, correlation: fc.option(texts) };

const first = { initial: values };
const always = ['kind', 'version', 'ms', 'counter', 'cause', 'correlation'] as const;

export const records: fc.Arbitrary<AgentRecord> = fc.oneof(
  fc.record(
    { kind: fc.constant('turn' as const), ...common, ...first, events: fc.array(events, { maxLength: 3 }), rest: rests },
    { requiredKeys: [...always, 'events', 'rest'] },
  ),
  fc.record(
    {
      ...{ kind: fc.constant('begun' as const), ...common, ...first, method: texts, input: values },
      ...{ seed: wholes, slot: fc.option(slots), body: fc.option(byteLists) },
    },
    { requiredKeys: [...always, 'method', 'input', 'seed', 'slot', 'body'] },
  ),
  fc.record({ kind: fc.constant('step' as const), ...common, name: texts, occurrence: wholes, outcome: outcomes }),
);
