import {
  type Handshakes as HandshakesShape,
  type LossCourse,
  readHandshakeLoss,
  readHandshakes,
} from "../store/queries/handshakes.ts";
import { takesHours } from "../store/queries/steps.ts";
import { builder } from "./builder.ts";
import { Fleet } from "./fleet.ts";
import { askedGroups, fleetGrid, wholeMinutesOf } from "./fleet-shape.ts";
import { HANDSHAKE_COUNTERS, handshakeCounters, NO_HANDSHAKES } from "./handshake-loader.ts";
import { Host } from "./host.ts";
import { namespacesAsked } from "./host-namespaces.ts";
import { resolveRange, TimeRange } from "./range.ts";

const ESTIMATE =
  "Drops are packets and not clients, so what was lost is an estimate with a range, made for each network namespace: (the larger of ListenOverflows / 7 and, where SYN cookies came back, SyncookiesFailed) + TCPReqQFullDrop / 7.";

const Handshakes = builder.objectRef<HandshakesShape>("Handshakes").implement({
  description: `Handshakes accepted, and those lost or delayed by a second or more. ${ESTIMATE}`,
  fields: (t) => ({
    accepted: t.field({
      type: "UInt64",
      nullable: true,
      description: "TcpPassiveOpens, exact; null where nobody reported.",
      resolve: ({ accepted }) => accepted,
    }),
    lost: t.exposeFloat("lost", {
      nullable: true,
      description: "The estimate; null where nobody reported.",
    }),
    share: t.float({
      nullable: true,
      description:
        "lost / (accepted + lost), 0 to 1; null where nobody reported or nothing was attempted. In the first seconds of a stall, and in bursts that the queue soon recovers from, the truth is nearer to `high`.",
      resolve: ({ loss }) => loss?.share ?? null,
    }),
    low: t.float({
      nullable: true,
      description:
        "The least that the share may have been: 10 dropped packets for each client, and none of those that brought a SYN cookie back in time. Null as `share`.",
      resolve: ({ loss }) => loss?.low ?? null,
    }),
    high: t.float({
      nullable: true,
      description:
        "The most that it may have been: one dropped packet for each client, who got in late and is among those accepted, as far as there are as many. Null as `share`.",
      resolve: ({ loss }) => loss?.high ?? null,
    }),
  }),
});

interface LossSeriesShape {
  readonly labels: Readonly<Record<string, string>>;
  readonly start: number;
  readonly stepMs: number;
  readonly course: LossCourse;
}

const LossSeries = builder.objectRef<LossSeriesShape>("LossSeries").implement({
  description: `The share of handshakes lost or delayed by a second or more, in equal steps. ${ESTIMATE}`,
  fields: (t) => ({
    labels: t.field({ type: "Labels", description: "Of the group.", resolve: ({ labels }) => labels }),
    start: t.field({
      type: "DateTime",
      description: "Start of the first step.",
      resolve: ({ start }) => start,
    }),
    step: t.field({ type: "Duration", resolve: ({ stepMs }) => stepMs }),
    values: t.field({
      type: t.listRef("Float", { nullable: true }),
      description:
        "The share in each step, 0 to 1; null where nobody reported or nothing was attempted. A minute is in it when it is over.",
      resolve: ({ course }) => course.map((loss) => loss?.share ?? null),
    }),
    low: t.field({
      type: t.listRef("Float", { nullable: true }),
      description: "The least that the share may have been; null as `values`.",
      resolve: ({ course }) => course.map((loss) => loss?.low ?? null),
    }),
    high: t.field({
      type: t.listRef("Float", { nullable: true }),
      description: "The most that it may have been; null as `values`.",
      resolve: ({ course }) => course.map((loss) => loss?.high ?? null),
    }),
  }),
});

builder.objectFields(Fleet, (t) => ({
  handshakes: t.field({
    type: Handshakes,
    description: "Handshakes accepted over the range, in whole minutes, and the share lost or delayed.",
    args: { range: t.arg({ type: TimeRange, required: true }) },
    resolve: async (fleet, { range: input }, context) => {
      const now = context.now();
      const range = wholeMinutesOf(resolveRange(input, now));
      const { groups } = await askedGroups(context, fleet, [], range, null);
      context.budget.takeScan({ range, shards: fleet.all.shards.length, counters: HANDSHAKE_COUNTERS });
      const [found] = await readHandshakes(context.db, {
        ...(await handshakeCounters(context)),
        range,
        groups,
        fleet: fleet.all,
        now,
      });
      return found ?? NO_HANDSHAKES;
    },
  }),
  handshakeLoss: t.field({
    type: [LossSeries],
    description: "The share of handshakes lost or delayed over time; one series for each label group.",
    args: {
      range: t.arg({ type: TimeRange, required: true }),
      step: t.arg({
        type: "Duration",
        description: "Whole minutes; by default what gives about 300 points.",
      }),
      groupBy: t.arg.stringList({ description: "As of `trend`." }),
    },
    resolve: async (fleet, { range: input, step, groupBy }, context) => {
      const now = context.now();
      const exact = resolveRange(input, now);
      const grid = await fleetGrid(context, exact, step);
      const range = wholeMinutesOf(exact);
      const { labels: seriesLabels, groups } = await askedGroups(context, fleet, groupBy, range, grid);
      context.budget.takeScan({
        range,
        shards: fleet.all.shards.length,
        counters: HANDSHAKE_COUNTERS,
        hours: takesHours(grid),
      });
      const courses = await readHandshakeLoss(context.db, {
        ...(await handshakeCounters(context)),
        range,
        grid,
        groups,
        fleet: fleet.all,
        now,
      });
      return seriesLabels.map((labels, index) => ({
        labels,
        start: grid.start,
        stepMs: grid.stepMs,
        course: courses[index] ?? [],
      }));
    },
  }),
}));

builder.objectField(Host, "handshakes", (t) =>
  t.field({
    type: Handshakes,
    description:
      "Handshakes accepted over the range, in whole minutes, and the share lost or delayed. Without `namespace`: of all the host's namespaces.",
    args: { range: t.arg({ type: TimeRange, required: true }), namespace: t.arg.id() },
    resolve: async (host, { range: input, namespace }, context) => {
      const now = context.now();
      const namespaceIds = await namespacesAsked(host, namespace ?? null, context, "ALL");
      return context.handshakes.load({ range: wholeMinutesOf(resolveRange(input, now)), namespaceIds });
    },
  }),
);
