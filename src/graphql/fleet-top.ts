import { readTop } from "../store/queries/top.ts";
import { builder } from "./builder.ts";
import { Fleet } from "./fleet.ts";
import { wholeMinutesOf } from "./fleet-shape.ts";
import { requirePage } from "./page-info.ts";
import { resolveRange, TimeRange } from "./range.ts";
import { RankBy, Ranked, type RankedShape } from "./ranked.ts";
import { requireIncreasing, resolveCounter } from "./resolve-counter.ts";

builder.objectField(Fleet, "top", (t) =>
  t.field({
    type: [Ranked],
    description:
      "Where the counter grew most over the range, in whole minutes; who did not grow is not listed.",
    args: {
      counter: t.arg.string({ required: true, description: "By any name that `counter` understands." }),
      range: t.arg({ type: TimeRange, required: true }),
      by: t.arg({ type: RankBy, defaultValue: "HOST" }),
      first: t.arg.int({ defaultValue: 20, description: "At most 500." }),
    },
    resolve: async (fleet, { counter, range: input, by, first }, context) => {
      const asked = await resolveCounter(context, counter);
      requireIncreasing(asked, "increase");
      const size = requirePage(first ?? 20);
      const now = context.now();
      const range = wholeMinutesOf(resolveRange(input, now));
      const { counterId, reporters } = asked;
      if (counterId === null) return [];
      const meant = new Set(fleet.hosts.map((host) => host.id));
      const ranked = await readTop(context.db, {
        counterId,
        reporters,
        range,
        first: size,
        now,
        keyOf: (namespaceId) => {
          const hostId = fleet.all.ownerOf.get(namespaceId);
          if (hostId === undefined || !meant.has(hostId)) return null;
          return by === "NAMESPACE" ? namespaceId : hostId;
        },
      });
      const shapes: RankedShape[] = [];
      for (const { key, increase, rate, share } of ranked) {
        const hostId = by === "NAMESPACE" ? fleet.all.ownerOf.get(key) : key;
        const host = hostId === undefined ? undefined : fleet.all.hostById.get(hostId);
        if (host === undefined) continue;
        const own = by === "NAMESPACE" ? await context.namespaces.load(host.id) : [];
        shapes.push({ host, namespace: own.find(({ id }) => id === key) ?? null, increase, rate, share });
      }
      return shapes;
    },
  }),
);
