/** Effect Cluster: entities whose messages and replies are kept in SQLite. The entity's own state is not kept: it is gone after a restart. */
import { join } from 'node:path';
import { finish, initialState, latencies, load, rates, task } from './peer.mjs';

const { ClusterSchema, Entity, SingleRunner } = await load('@effect/cluster');
const { Rpc } = await load('@effect/rpc');
const { SqlClient } = await load('@effect/sql');
const { SqliteClient } = await load('@effect/sql-sqlite-node');
const { Effect, Layer, Logger, LogLevel, ManagedRuntime, Schema } = await load('effect');

const CALLERS = 64;

const Worker = Entity.make('Worker', [
  Rpc.make('step', { payload: { by: Schema.Number }, success: Schema.Number }).annotate(ClusterSchema.Persisted, true),
  Rpc.make('look', { success: Schema.Number }),
]);

const WorkerLive = Worker.toLayer(
  Effect.gen(function* () {
    const address = yield* Entity.CurrentAddress;
    let state = initialState(address.entityId);
    return {
      step: ({ payload }) =>
        Effect.sync(() => {
          state = { ...state, step: state.step + payload.by };
          return state.step;
        }),
      look: () => Effect.sync(() => state.step),
    };
  }),
);

const layer = WorkerLive.pipe(
  Layer.provideMerge(SingleRunner.layer({ runnerStorage: 'memory' })),
  Layer.provideMerge(SqliteClient.layer({ filename: join(task.dir, 'effect.db') })),
  Layer.provide(Logger.minimumLogLevel(LogLevel.Error)),
);
const runtime = ManagedRuntime.make(layer);

const { clientOf, synchronous } = await runtime.runPromise(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient;
    yield* sql.unsafe('PRAGMA synchronous = FULL');
    const [{ synchronous }] = yield* sql.unsafe('PRAGMA synchronous');
    return { clientOf: yield* Worker.client, synchronous };
  }),
);
if (synchronous !== 2) throw new Error(`SQLite is at synchronous ${synchronous}, not FULL`);

const clients = Array.from({ length: task.agents }, (_, index) => clientOf(String(index)));
const step = (index) => runtime.runPromise(clients[index].step({ by: 1 }));
const look = (index) => runtime.runPromise(clients[index].look());
const about = '@effect/cluster 0.60.2, SQLite; persisted messages and replies, the state itself is not kept';
const local = { level: 'local', name: 'Effect Cluster, SQLite synchronous FULL', note: about };

// The first call to each entity starts it.
await Promise.all(clients.map((_, index) => look(index)));

const microseconds = (await latencies(() => look(0))).map((ms) => ms * 1000);
finish([
  { id: 'peer.effect.persisted', unit: 'turns/s', ...local, samples: await rates({ callers: CALLERS, over: task.agents, turn: step }) },
  {
    id: 'peer.effect.persisted.all',
    unit: 'turns/s',
    ...local,
    note: `${about}; a caller an entity`,
    samples: await rates({ callers: task.agents, over: task.agents, turn: step }),
  },
  { id: 'peer.effect.persisted.hot', unit: 'turns/s', ...local, samples: await rates({ callers: CALLERS, over: 1, turn: step }) },
  { id: 'peer.effect.persisted.sequential', unit: 'ms', ...local, samples: await latencies(() => step(0)) },
  {
    id: 'peer.effect.ask',
    unit: 'µs',
    level: 'none',
    name: 'Effect Cluster, a call that is not persisted',
    note: '@effect/cluster 0.60.2',
    samples: microseconds,
  },
]);
