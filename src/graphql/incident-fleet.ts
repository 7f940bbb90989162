import { builder } from "./builder.ts";
import { Fleet } from "./fleet.ts";
import { Incident } from "./incident.ts";

/** `Incident.fleet`: an incident's plots, in one question however many hosts it has. */
builder.objectField(Incident, "fleet", (t) =>
  t.field({
    type: Fleet,
    description: "Its `hosts` seen as one.",
    resolve: async ({ id }, _args, { incidents, fleet }) => {
      const [members, all] = await Promise.all([incidents.members.load(id), fleet.read()]);
      const hosts = members.flatMap(({ hostId }) => all.hostById.get(hostId) ?? []);
      return { all, hosts, filtered: true };
    },
  }),
);
