import { type CounterEntry, counterEntry } from "../catalog/catalog.ts";
import { SpillwayError } from "../errors.ts";
import type { Count } from "../protocol/count.ts";
import type { HostRecord } from "../store/directory.ts";
import { isEphemeral } from "../store/forget-hosts.ts";
import {
  type HostRollupQuery,
  readLongIncrease,
  readRolledUpSeries,
  snapshotsOf,
  takesRollups,
} from "../store/queries/host-rollups.ts";
import { readHostIncrease } from "../store/queries/host-series.ts";
import { readLatest } from "../store/queries/latest.ts";
import { gridOf, niceStep, type Range } from "../store/queries/range.ts";
import { takesHours } from "../store/queries/steps.ts";
import { AgentHealth, Capability } from "./agent-facts.ts";
import { shardCount } from "./answer-budget.ts";
import { builder } from "./builder.ts";
import type { Context } from "./context.ts";
import { Counter } from "./counter.ts";
import { finestKept, wholeMinutesOf } from "./fleet-shape.ts";
import { HostStatus } from "./host-filter.ts";
import { namespacesAsked } from "./host-namespaces.ts";
import { agentIdOf, hostNodeId } from "./ids.ts";
import { Namespace } from "./namespace.ts";
import { Node, nodeById } from "./node.ts";
import { resolveRange, TimeRange } from "./range.ts";
import { requireIncreasing, resolveCounter } from "./resolve-counter.ts";
import { Series } from "./series.ts";

const COUNTERS_MAX = 50;
const POINTS_DEFAULT = 300;

interface CounterValueShape {
  readonly counter: CounterEntry;
  readonly value: Count;
  readonly at: number;
}

const CounterValue = builder.objectRef<CounterValueShape>("CounterValue").implement({
  description: "The value of a counter at one moment.",
  fields: (t) => ({
    counter: t.field({ type: Counter, resolve: ({ counter }) => counter }),
    value: t.field({ type: "UInt64", resolve: ({ value }) => value }),
    at: t.field({ type: "DateTime", resolve: ({ at }) => at }),
  }),
});

export const Host = builder.objectRef<HostRecord>("Host").implement({
  description: "A machine with an agent.",
  interfaces: [Node],
  fields: (t) => ({
    id: t.id({ resolve: ({ agentId }) => hostNodeId(agentId) }),
    name: t.exposeString("name", { description: "For display; may repeat." }),
    labels: t.field({ type: "Labels", resolve: ({ labels }) => labels }),
    status: t.field({ type: HostStatus, resolve: ({ status }) => status }),
    ephemeral: t.boolean({
      description:
        "It comes and goes, as its label says (SPILLWAY_EPHEMERAL_LABEL): silent, it is soon forgotten.",
      resolve: ({ labels }, _args, { system }) => isEphemeral(labels, system.forgetting.ephemeral),
    }),
    kernel: t.exposeString("kernel", {
      nullable: true,
      description: "`uname -r`; null before the first snapshot.",
    }),
    bootId: t.exposeString("bootId", { nullable: true, description: "Null before the first snapshot." }),
    agentVersion: t.exposeString("agentVersion", {
      nullable: true,
      description: "Null before the first snapshot.",
    }),
    firstSeen: t.field({ type: "DateTime", resolve: ({ firstSeen }) => firstSeen.getTime() }),
    lastSeen: t.field({
      type: "DateTime",
      nullable: true,
      description: "When a snapshot was last accepted; null before the first.",
      resolve: ({ lastSeen }) => lastSeen?.getTime() ?? null,
    }),
    clockSkewMs: t.exposeFloat("clockSkewMs", {
      nullable: true,
      description:
        "The host's own clock less the service's; no snapshot is dated by it. Null before the first snapshot.",
    }),
    capabilities: t.field({
      type: [Capability],
      description:
        "What the agent can see on this host, and what it cannot and why (no ss, no tcp_diag, hidepid, unprivileged).",
      resolve: ({ capabilities }) => [...capabilities],
    }),
    agentHealth: t.field({
      type: AgentHealth,
      nullable: true,
      description: "How the agent itself is doing; null when it never said.",
      resolve: ({ health }) => health,
    }),
    sysctls: t.field({
      type: "Labels",
      description: "Of the root namespace; empty before it was read.",
      resolve: async ({ id }, _args, { namespaces }) => {
        const root = (await namespaces.load(id)).find(({ kind }) => kind === "ROOT");
        return (root?.sysctls ?? {}) as Record<string, string>;
      },
    }),
    namespaces: t.field({
      type: [Namespace],
      description: "Network namespaces, the root first.",
      resolve: ({ id }, _args, { namespaces }) => namespaces.load(id),
    }),
    latest: t.field({
      type: [CounterValue],
      description:
        "The newest value of each counter, exact, of one namespace; empty before its first snapshot.",
      args: {
        counters: t.arg.stringList({ description: "Names or aliases; all when left out." }),
        namespace: t.arg.id({ description: "By default the root." }),
      },
      resolve: async (host, { counters, namespace }, context) => {
        const [namespaceId] = await namespacesAsked(host, namespace ?? null, context, "ROOT");
        if (namespaceId === undefined) return [];
        const wanted = counters == null ? null : await namesOf(context, counters);
        const latest = await readLatest(context.reader, context.db, namespaceId, context.now());
        return latest
          .filter(({ name }) => wanted === null || wanted.has(name))
          .map(({ name, value, at }) => ({ counter: counterEntry(name), value, at }));
      },
    }),
    rates: t.field({
      type: [Series],
      description:
        "Rates per second, one series for each counter, in the order asked. Without `namespace`: the sum over the host's namespaces. Without `step`: the host's interval, or what gives about 300 points. What would read over 50,000 snapshots (500,000 of all hosts of an answer), or begins before the oldest that is kept, is answered in whole minutes from minutes and hours, which know of no resets and gaps.",
      args: {
        counters: t.arg.stringList({ required: true }),
        range: t.arg({ type: TimeRange, required: true }),
        step: t.arg({ type: "Duration" }),
        namespace: t.arg.id(),
      },
      resolve: async (host, { counters, range: input, step, namespace }, context) => {
        if (counters.length > COUNTERS_MAX) {
          throw new SpillwayError(
            "LIMIT_EXCEEDED",
            `${counters.length} counters asked for; at most ${COUNTERS_MAX} are given at once`,
          );
        }
        const asked = await Promise.all(counters.map((name) => resolveCounter(context, name)));
        for (const one of asked) requireIncreasing(one, "rate");
        const exact = resolveRange(input, context.now());
        const ids = await namespacesAsked(host, namespace ?? null, context, "ALL");
        const rolledUp = isRolledUp(host, ids, exact, step ?? null, context);
        const finest = rolledUp ? await finestKept(context, exact) : (host.everyMs ?? 10_000);
        const grid = gridOf(exact, step ?? niceStep(exact, POINTS_DEFAULT, finest));
        context.budget.takeValues(asked.length * grid.length);
        if (rolledUp) {
          const scan = { range: exact, shards: shardCount(ids), hours: takesHours(grid) };
          context.budget.takeHostScan({ ...scan, counters: asked.length });
        }
        const series = rolledUp
          ? await readRolledUpSeries(context.db, await rollupQuery(ids, exact, context), grid, asked)
          : await context.hostSeries.load({
              namespaceIds: ids,
              query: { range: exact, grid, counterIds: asked.map(({ counterId }) => counterId ?? -1) },
            });
        return series.map((one, index) => ({
          counter: asked[index]?.entry.name ?? "",
          labels: host.labels,
          unit: `${asked[index]?.entry.unit ?? ""}/s`,
          start: grid.start,
          stepMs: grid.stepMs,
          ...one,
        }));
      },
    }),
    increase: t.field({
      type: "UInt64",
      nullable: true,
      description:
        "Exact increase over the range; null when no snapshot in it gave one. Without `namespace`: the sum over the host's namespaces. A range of which the first snapshots have gone begins with its first whole minute, and one of which the first minutes have gone with the hour that it begins in; one of which the last have gone ends with the end of its hour.",
      args: {
        counter: t.arg.string({ required: true }),
        range: t.arg({ type: TimeRange, required: true }),
        namespace: t.arg.id(),
      },
      resolve: async (host, { counter, range: input, namespace }, context) => {
        const asked = await resolveCounter(context, counter);
        requireIncreasing(asked, "increase");
        const ids = await namespacesAsked(host, namespace ?? null, context, "ALL");
        const range = resolveRange(input, context.now());
        if (isRolledUp(host, ids, range, null, context)) {
          context.budget.takeHostScan({ range, shards: shardCount(ids), counters: 1 });
          return readLongIncrease(
            context.reader,
            context.db,
            await rollupQuery(ids, range, context),
            range,
            asked,
          );
        }
        return readHostIncrease(context.reader, context.db, ids, range, asked.counterId ?? -1);
      },
    }),
  }),
});

nodeById("host", "Host", async ({ fleet }, ownId) => {
  const agentId = agentIdOf(ownId);
  return (await fleet.read()).hosts.find((host) => host.agentId === agentId) ?? null;
});

builder.queryFields((t) => ({
  host: t.field({
    type: Host,
    nullable: true,
    description:
      "By id, or by name among the hosts that live; an error lists the ids when two share the name. Null when there is none.",
    args: { name: t.arg.string(), id: t.arg.id() },
    resolve: async (_root, { name, id }, { fleet }) => {
      const { hosts } = await fleet.read();
      if (id != null && name == null) {
        const agentId = agentIdOf(String(id));
        return hosts.find((host) => host.agentId === agentId) ?? null;
      }
      if (name == null || id != null) {
        throw new SpillwayError("BAD_REQUEST", "a host is asked for by `name` or by `id`: give one of them");
      }
      const named = hosts.filter((host) => host.name === name);
      const live = named.filter((host) => host.status === "REPORTING" || host.status === "STALE");
      const candidates = live.length > 0 ? live : named;
      if (candidates.length <= 1) return candidates[0] ?? null;
      throw new SpillwayError(
        "CONFLICT",
        `${candidates.length} hosts are named "${name}": ask by id, one of ` +
          candidates.map((host) => hostNodeId(host.agentId)).join(", "),
      );
    },
  }),
}));

async function namesOf(context: Context, names: readonly string[]): Promise<Set<string>> {
  const asked = await Promise.all(names.map((name) => resolveCounter(context, name)));
  return new Set(asked.map(({ entry }) => entry.name));
}

/** Whether a question is answered from minutes and hours. @throws LIMIT_EXCEEDED as `takesRollups` */
function isRolledUp(
  host: HostRecord,
  namespaceIds: readonly number[],
  range: Range,
  stepMs: number | null,
  context: Context,
): boolean {
  const question = {
    range,
    namespaces: namespaceIds.length,
    everyMs: host.everyMs ?? 10_000,
    stepMs,
    rawFrom: context.now() - context.system.rawRetentionMs,
    firstSeen: host.firstSeen.getTime(),
    now: context.now(),
    snapshotsLeft: context.budget.snapshotsLeft,
  };
  if (takesRollups(question)) return true;
  context.budget.takeSnapshots(snapshotsOf(question));
  return false;
}

async function rollupQuery(
  namespaceIds: readonly number[],
  range: Range,
  context: Context,
): Promise<HostRollupQuery> {
  const fleet = await context.fleet.read();
  return { namespaceIds, range: wholeMinutesOf(range), fleet, now: context.now() };
}
