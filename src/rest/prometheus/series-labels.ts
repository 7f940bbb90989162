import { type HostRecord, isRoot, type NamespaceOwner } from "../../store/directory.ts";
import type { Fleet } from "../../store/fleet-view.ts";
import { type LabelMatcher, labelPredicate } from "../../store/host-filter.ts";
import type { Labels } from "../../store/queries/groups.ts";

/** A namespace with the labels of its series. */
export interface SeriesOwner {
  readonly namespaceId: number;
  readonly labels: Labels;
}

/**
 * The namespaces whose labels meet all matchers, as they are called now: host and container labels, and the host's name
 * as `instance`, as node_exporter's series have it. A container's own label hides its host's; one without labels has the
 * number of its namespace, so that it is never added to its host.
 */
export function seriesOwners(
  { hosts, namespacesOf }: Pick<Fleet, "hosts" | "namespacesOf">,
  matchers: readonly LabelMatcher[],
): SeriesOwner[] {
  const matches = labelPredicate(matchers);
  const found: SeriesOwner[] = [];
  for (const host of hosts) {
    for (const namespace of namespacesOf.get(host.id) ?? []) {
      const labels = labelsOf(host, namespace);
      if (matches((name) => (Object.hasOwn(labels, name) ? (labels[name] ?? "") : ""))) {
        found.push({ namespaceId: namespace.id, labels });
      }
    }
  }
  return found;
}

function labelsOf(host: HostRecord, namespace: NamespaceOwner): Labels {
  const own = namespace.labels;
  const nameless = !isRoot(namespace.id) && Object.keys(own).length === 0;
  const named = {
    instance: host.name,
    ...host.labels,
    ...own,
    ...(nameless ? { netns: String(namespace.id) } : {}),
  };
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== ""));
}
