import { SpillwayError } from "../errors.ts";
import type { Fleet } from "../store/fleet-view.ts";
import { labelPredicate, namespaceLabelOf } from "../store/host-filter.ts";
import type { AnomalyQuery } from "../store/incidents/anomaly-pages.ts";
import { isStorable } from "../store/storable.ts";
import type { AnomalyFilterInput } from "./anomaly-filter.ts";
import type { Sources } from "./context.ts";
import { filterMatchers } from "./host-filter.ts";
import { agentIdOf } from "./ids.ts";
import { resolveRange } from "./range.ts";

/** The filter as the store takes it; its counter by its full name. @throws BAD_REQUEST for a condition that is none */
export async function anomalyQuery(
  { fleet, now }: Pick<Sources, "fleet" | "now">,
  input: AnomalyFilterInput | null | undefined,
): Promise<AnomalyQuery> {
  if (input == null) return {};
  const { severity, detector, counter, host, open, range } = input;
  for (const text of [...(detector ?? []), counter ?? ""]) requireStorable(text);
  const all = await fleet.read();
  const labels = filterMatchers(input.labels);
  return {
    severity: severity ?? null,
    detector: detector ?? null,
    counter: counter ?? null,
    hostIds: host == null ? null : hostsMeant(all, host).ids,
    namespaceIds: labels === null ? null : namespacesWith(all, labelPredicate(labels)),
    open: open ?? null,
    range: range == null ? null : resolveRange(range, now()),
  };
}

/** The hosts that a node id or a name stands for, and the name where it is one. @throws BAD_REQUEST */
export function hostsMeant(
  { hosts }: Fleet,
  text: string,
): { readonly ids: readonly number[]; readonly name: string | null } {
  requireStorable(text);
  const agentId = text.startsWith("host_") ? agentIdOf(text) : null;
  const meant = hosts.filter((host) => (agentId === null ? host.name === text : host.agentId === agentId));
  return { ids: meant.map(({ id }) => id), name: agentId === null ? text : null };
}

/** @throws BAD_REQUEST for a text that the database would refuse */
export function requireStorable(text: string): void {
  if (isStorable(text)) return;
  throw new SpillwayError(
    "BAD_REQUEST",
    `${JSON.stringify(text.slice(0, 60))} has NUL or half of a pair in it`,
  );
}

function namespacesWith(
  { hosts, namespacesOf }: Fleet,
  matches: (label: (name: string) => string) => boolean,
): number[] {
  return hosts.flatMap((host) =>
    (namespacesOf.get(host.id) ?? [])
      .filter((namespace) => matches((name) => namespaceLabelOf(namespace, host, name)))
      .map((namespace) => namespace.id),
  );
}
