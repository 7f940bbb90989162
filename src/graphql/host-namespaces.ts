import { SpillwayError } from "../errors.ts";
import { type HostRecord, isRoot } from "../store/directory.ts";
import type { Context } from "./context.ts";
import { namespaceIdOf } from "./ids.ts";

/**
 * Ids of the namespaces meant: the one named, or by default the root alone or all of the host's. What the fleet's view
 * does not know of yet, as of a host that has just come, is looked up.
 *
 * @throws NOT_FOUND
 */
export async function namespacesAsked(
  host: HostRecord,
  nodeId: string | null,
  context: Context,
  byDefault: "ROOT" | "ALL",
): Promise<number[]> {
  const known = (await context.fleet.read()).namespacesOf.get(host.id) ?? [];
  const id = nodeId === null ? null : namespaceIdOf(nodeId);
  const isKnown = id === null ? known.length > 0 : known.some((namespace) => namespace.id === id);
  const own = isKnown ? known : await context.namespaces.load(host.id);
  if (id === null) {
    return own.filter((namespace) => byDefault === "ALL" || isRoot(namespace.id)).map((one) => one.id);
  }
  if (own.some((namespace) => namespace.id === id)) return [id];
  throw new SpillwayError("NOT_FOUND", `the host "${host.name}" has no namespace ${nodeId}`);
}
