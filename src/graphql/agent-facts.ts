/** What an agent says of itself: what it can see of its host, and what it costs. */
import type { HostRecord } from "../store/directory.ts";
import { builder } from "./builder.ts";

export const Capability = builder.objectRef<HostRecord["capabilities"][number]>("Capability").implement({
  description: "Something that an agent sees on some hosts and not on others.",
  fields: (t) => ({
    name: t.exposeString("name"),
    available: t.exposeBoolean("available"),
    reason: t.exposeString("reason", {
      nullable: true,
      description: "Why not, and how to let it; null when available.",
    }),
  }),
});

export const AgentHealth = builder.objectRef<Readonly<Record<string, unknown>>>("AgentHealth").implement({
  description: "An agent's own cost and backlog, as it said last.",
  fields: (t) => ({
    cycleCpuMs: t.float({
      description: "CPU time of one cycle.",
      resolve: (health) => Number(health.cycleCpuMs),
    }),
    childCpuMs: t.float({
      description: "CPU time of what it runs, ss above all.",
      resolve: (health) => Number(health.childCpuMs),
    }),
    rssBytes: t.float({ resolve: (health) => Number(health.rssBytes) }),
    spoolDepth: t.int({
      description: "Snapshots that wait to be sent.",
      resolve: (health) => Number(health.spoolDepth),
    }),
    spoolAgeMs: t.float({
      description: "Age of the oldest of them.",
      resolve: (health) => Number(health.spoolAgeMs),
    }),
    dropped: t.field({
      type: "Labels",
      description: "Snapshots given up since its start, by reason.",
      resolve: ({ dropped }) =>
        Object.fromEntries(
          Object.entries(dropped as Record<string, number>).map(([why, count]) => [why, String(count)]),
        ),
    }),
  }),
});
