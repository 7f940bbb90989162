import type { HostRecord } from "../store/directory.ts";
import { builder } from "./builder.ts";
import { Fleet } from "./fleet.ts";

type VersionShape = readonly [version: string | null, count: number];

const AgentVersion = builder.objectRef<VersionShape>("AgentVersion").implement({
  description: "A version of the agent, or of what else pushes, that runs on some hosts.",
  fields: (t) => ({
    version: t.string({
      nullable: true,
      description: "Null for hosts whose agent never said.",
      resolve: ([version]) => version,
    }),
    hostCount: t.int({ description: "Hosts that were heard of last by it.", resolve: ([, count]) => count }),
  }),
});

/** `Fleet.agentVersions`: which hosts an upgrade has not reached. */
builder.objectField(Fleet, "agentVersions", (t) =>
  t.field({
    type: [AgentVersion],
    description: "Hosts by the version of their agent, the version that most have first.",
    resolve: ({ hosts }) => versionsOf(hosts),
  }),
);

function versionsOf(hosts: readonly HostRecord[]): VersionShape[] {
  const counts = new Map<string | null, number>();
  for (const { agentVersion } of hosts) counts.set(agentVersion, (counts.get(agentVersion) ?? 0) + 1);
  return [...counts].sort(([a, ofA], [b, ofB]) => ofB - ofA || ((a ?? "") < (b ?? "") ? -1 : 1));
}
