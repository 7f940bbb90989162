import { SpillwayError } from "../errors.ts";
import { forgetHosts } from "../store/forget-hosts.ts";
import { builder } from "./builder.ts";
import { fleetOf } from "./fleet-shape.ts";
import { HostFilter, type HostFilterInput } from "./host-filter.ts";
import { requireScope } from "./require-scope.ts";

const HOSTS_MAX = 20_000;
const NAMES_MAX = 1_000;

interface ForgetResultShape {
  readonly names: readonly string[];
  readonly dryRun: boolean;
}

const ForgetResult = builder.objectRef<ForgetResultShape>("ForgetResult").implement({
  description: "Hosts that were forgotten, or would be.",
  fields: (t) => ({
    count: t.int({ resolve: ({ names }) => names.length }),
    names: t.stringList({
      description: `In order, the first ${NAMES_MAX}.`,
      resolve: ({ names }) => names.slice(0, NAMES_MAX),
    }),
    dryRun: t.exposeBoolean("dryRun", { description: "True when nothing was changed." }),
  }),
});

/** Whether a filter has a condition that not every host meets. */
function saysWhich(filter: HostFilterInput): boolean {
  return Object.values(filter).some((condition) => condition != null && condition.length > 0);
}

builder.mutationFields((t) => ({
  forgetHosts: t.field({
    type: ForgetResult,
    description: [
      "Forgets hosts that are gone: no list, count, filter or group has them any more, of no time; what they counted stays in the totals of the whole fleet, asked for without a filter and groups, but for how many hosts were AFFECTED.",
      "It must be silent hosts, or such that left: a filter that meets one that reports is refused, as is one without any condition.",
      "A host that pushes again is shown again, with its past; when no snapshot of it is left (`system.rawRetention`), it goes for good, and would come back as a new one.",
      "Needs the scope `operate`.",
    ].join(" "),
    args: {
      filter: t.arg({ type: HostFilter, required: true }),
      dryRun: t.arg.boolean({
        defaultValue: true,
        description: "true: says what would be forgotten, and changes nothing.",
      }),
    },
    resolve: async (_root, { filter, dryRun }, context): Promise<ForgetResultShape> => {
      const { actor, db, fleet, now } = context;
      requireScope(actor, "operate");
      const { hosts } = await fleetOf(context, filter);
      if (!saysWhich(filter)) {
        throw new SpillwayError("BAD_REQUEST", "the filter is empty: say which hosts are to be forgotten");
      }
      const reporting = hosts.filter(({ status }) => status === "REPORTING" || status === "STALE");
      if (reporting.length > 0) {
        const some = reporting.slice(0, 5).map(({ name }) => name);
        throw new SpillwayError(
          "CONFLICT",
          `${reporting.length} of these hosts report (${some.join(", ")}${reporting.length > 5 ? ", ..." : ""}): ` +
            "add `status: [SILENT, LEFT]` to the filter, or stop their agents",
        );
      }
      if (hosts.length > HOSTS_MAX) {
        throw new SpillwayError(
          "LIMIT_EXCEEDED",
          `${hosts.length} hosts: at most ${HOSTS_MAX} are forgotten at once`,
        );
      }
      if (dryRun !== false) return { names: hosts.map(({ name }) => name), dryRun: true };
      const names = await forgetHosts(db, actor, hosts, now());
      await fleet.readAgain();
      return { names, dryRun: false };
    },
  }),
}));
