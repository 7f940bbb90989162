import { readStoreState, type StoreState } from "../store/queries/system.ts";
import { builder } from "./builder.ts";
import type { SystemFacts } from "./context.ts";
import { SystemStorage } from "./storage.ts";
import { SystemListener } from "./system-listener.ts";

const SystemDatabase = builder
  .objectRef<StoreState & { readonly embedded: boolean }>("SystemDatabase")
  .implement({
    description: "The Postgres under the service.",
    fields: (t) => ({
      version: t.exposeString("version"),
      embedded: t.exposeBoolean("embedded", {
        description: "True for the one that the service brings along.",
      }),
      sizeBytes: t.exposeFloat("sizeBytes"),
    }),
  });

const SystemRollup = builder.objectRef<StoreState>("SystemRollup").implement({
  description: "The work between snapshots and what fleets are asked.",
  fields: (t) => ({
    pendingMarks: t.exposeFloat("pendingMarks", {
      description: "Touched minutes waiting; those of the open minute stay until it is over.",
    }),
    lag: t.float({
      description:
        "Seconds since the end of the oldest minute that is over and not rolled up; 0 when there is none.",
      resolve: ({ rollupLagMs }) => rollupLagMs / 1000,
    }),
    settledLag: t.float({
      description:
        "Seconds by which the shard furthest behind is late: its newest minutes are over and not rolled up. 0 when none is. Snapshots that come late, for old minutes, raise `lag` and not this.",
      resolve: ({ settledLagMs }) => settledLagMs / 1000,
    }),
  }),
});

const SystemQueue = builder
  .objectRef<{ backend: string; counts: Readonly<Record<string, number>> }>("SystemQueue")
  .implement({
    description: "The job queues; they only say when, and losing them loses nothing.",
    fields: (t) => ({
      backend: t.exposeString("backend", { description: "redis or postgres" }),
      waiting: t.int({ resolve: ({ counts }) => counts.wait ?? 0 }),
      active: t.int({ resolve: ({ counts }) => counts.active ?? 0 }),
      delayed: t.int({ resolve: ({ counts }) => counts.delayed ?? 0 }),
      failed: t.int({ description: "Kept for a day.", resolve: ({ counts }) => counts.failed ?? 0 }),
    }),
  });

const System = builder.objectRef<{ facts: SystemFacts; state: StoreState; now: number }>("System").implement({
  description: "What the service says of itself.",
  fields: (t) => ({
    version: t.string({ resolve: ({ facts }) => facts.version }),
    roles: t.stringList({
      description: "Of the process that answers.",
      resolve: ({ facts }) => [...facts.roles],
    }),
    startedAt: t.field({ type: "DateTime", resolve: ({ facts }) => facts.startedAt }),
    simulated: t.boolean({
      description: "True of a demo: its hosts do not exist, and have the label demo=true.",
      resolve: ({ facts }) => facts.simulated,
    }),
    reachableUrl: t.string({
      nullable: true,
      description:
        "Where agents on other hosts reach the service; null while it listens on loopback alone and SPILLWAY_PUBLIC_URL is not set.",
      resolve: ({ facts }) => facts.reachableUrl(),
    }),
    time: t.field({ type: "DateTime", description: "The service's clock.", resolve: ({ now }) => now }),
    database: t.field({
      type: SystemDatabase,
      resolve: ({ facts, state }) => ({ ...state, embedded: facts.embeddedDatabase }),
    }),
    queue: t.field({
      type: SystemQueue,
      nullable: true,
      description: "Null while the queue does not answer: pushes and queries go on without it, rollups wait.",
      resolve: async ({ facts }) => {
        const counts = await facts.queueCounts().catch(() => null);
        return counts === null ? null : { backend: facts.queueBackend, counts };
      },
    }),
    listener: t.field({
      type: SystemListener,
      nullable: true,
      description:
        "The service's own listen queue, of the process that answers. Null where its kernel does not show it.",
      resolve: ({ facts }) => facts.ownListener(),
    }),
    rollup: t.field({ type: SystemRollup, resolve: ({ state }) => state }),
    storage: t.field({
      type: SystemStorage,
      description: "What the data takes on disk and will take, by resolution.",
      resolve: (_system, _args, { storage }) => storage.read(),
    }),
    rawRetention: t.field({
      type: "Duration",
      description: "How long raw snapshots are kept.",
      resolve: ({ facts }) => facts.rawRetentionMs,
    }),
    forgetAfter: t.field({
      type: "Duration",
      description: "Hosts that were not heard of for so long are forgotten.",
      resolve: ({ facts }) => facts.forgetting.afterMs,
    }),
    forgetEphemeralAfter: t.field({
      type: "Duration",
      description: "The same of those that are `ephemeral`.",
      resolve: ({ facts }) => facts.forgetting.ephemeralAfterMs,
    }),
  }),
});

builder.queryFields((t) => ({
  system: t.field({
    type: System,
    description: "What the service says of itself: version, roles, database, queue, lag, retention.",
    resolve: async (_root, _args, { system, db, now }) => ({
      facts: system,
      state: await readStoreState(db, now()),
      now: now(),
    }),
  }),
}));
