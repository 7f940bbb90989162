import { SpillwayError } from "../errors.ts";
import { setHostLabels } from "../store/labels/set.ts";
import { builder } from "./builder.ts";
import { Host } from "./host.ts";
import { agentIdOf } from "./ids.ts";
import { requireScope } from "./require-scope.ts";

builder.mutationFields((t) => ({
  setHostLabels: t.field({
    type: Host,
    description:
      "Sets labels of a host by hand, above those of its token, of labels.yml and of its agent, from now on: " +
      "what was before keeps the labels it had. Labels that are not named stay as they are; an empty value takes " +
      "away what was set by hand, and shows what lies below it. Needs the scope `operate`.",
    args: {
      host: t.arg.id({ required: true }),
      labels: t.arg({ type: "Labels", required: true }),
    },
    resolve: async (_root, { host, labels }, { actor, db, fleet, now }) => {
      requireScope(actor, "operate");
      const agentId = agentIdOf(host);
      await setHostLabels(db, actor, agentId, labels, now());
      const found = (await fleet.readAgain()).hosts.find((one) => one.agentId === agentId);
      if (found === undefined) throw new SpillwayError("NOT_FOUND", `there is no host ${host}`);
      return found;
    },
  }),
}));
