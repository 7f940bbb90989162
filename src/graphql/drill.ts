import { SpillwayError } from "../errors.ts";
import { builder } from "./builder.ts";
import type { DrillShape } from "./drill-shape.ts";
import { Incident } from "./incident.ts";
import { requireScope } from "./require-scope.ts";

const DrillKind = builder.enumType("DrillKind", {
  description: "The faults that can be made.",
  values: {
    SLOW: { description: "An application accepts more slowly than connections come." },
    SMALL_BACKLOG: { description: "A quick application has too short a queue for the bursts that come." },
    STALLED: { description: "An application accepts nothing." },
    FLOOD: {
      description:
        "SYNs come from an address that never answers, while SYN cookies are on. Takes up to three minutes, and root or user namespaces.",
    },
  } as const,
});

const DrillPhase = builder.enumType("DrillPhase", {
  description: "How far a drill has come.",
  values: {
    PREPARING: { description: "Host and application are made, and the first snapshots are waited for." },
    RUNNING: { description: "The load is on." },
    ENDING: { description: "The verdict is there, or it was waited long enough; all is cleaned up." },
    ENDED: { description: "Nothing of it is left." },
  } as const,
});

const Drill = builder.objectRef<DrillShape>("Drill").implement({
  description:
    "A real fault, bounded, that was made on the machine of the service: seen by an agent of its own, as a host of its own with the label drill=true.",
  fields: (t) => ({
    kind: t.field({ type: DrillKind, resolve: ({ kind }) => kind }),
    phase: t.field({ type: DrillPhase, resolve: ({ phase }) => phase }),
    startedAt: t.field({ type: "DateTime", resolve: ({ startedAt }) => startedAt }),
    startedBy: t.exposeString("startedBy", { description: "The person's or the token's name." }),
    endedAt: t.field({
      type: "DateTime",
      nullable: true,
      description: "Null while it is under way.",
      resolve: ({ endedAt }) => endedAt,
    }),
    host: t.exposeString("host", { description: "Name of the host that it is seen as." }),
    incident: t.field({
      type: Incident,
      nullable: true,
      description: "Null before one was opened.",
      resolve: ({ incidentId }, _args, { incidents }) =>
        incidentId === null ? null : incidents.byId.load(incidentId),
    }),
    named: t.exposeBoolean("named", {
      nullable: true,
      description: "Whether the cause that was named is the right one; null before the verdict.",
    }),
    problem: t.exposeString("problem", {
      nullable: true,
      description: "Why it came to no verdict, and what would let it; null while it goes well.",
    }),
    lines: t.exposeStringList("lines", {
      description: "What it has told so far, as on the command line.",
    }),
  }),
});

builder.queryFields((t) => ({
  drill: t.field({
    type: Drill,
    nullable: true,
    description:
      "The drill that is under way here, or the last one since the service began. Null before the first, and where none can be made.",
    resolve: (_root, _args, { drills }) => drills?.current() ?? null,
  }),
}));

builder.mutationFields((t) => ({
  startDrill: t.field({
    type: Drill,
    description:
      "Makes a fault on the machine of the service, to see what is said of it: `npm run drill`. One at a time, and only where one process is the whole service (role `all`). The incident is real, and told of like every other. Needs the scope `admin`.",
    args: { kind: t.arg({ type: DrillKind, required: true }) },
    resolve: (_root, { kind }, { actor, drills }) => {
      requireScope(actor, "admin");
      if (drills == null) {
        throw new SpillwayError(
          "CONFLICT",
          "no drill is made by a process that only serves: on a machine with Spillway run `npm run drill -- slow --server URL` with SPILLWAY_TOKEN set to a token that may read and ingest",
        );
      }
      return drills.start(kind, actor);
    },
  }),
}));
