import { SpillwayError } from "../errors.ts";
import { type HostRecord, isRoot } from "../store/directory.ts";
import type { Context } from "./context.ts";
import { namespaceIdOf } from "./ids.ts";

/** Ids of the namespaces meant: the one named, or by default the root alone or all of the host's. @throws NOT_FOUND */
export async function namespacesAsked(
  host: HostRecord,
  nodeId: string | null,
  context: Context,
  byDefault: "ROOT" | "ALL",
): Promise<number[]> {
  const own = (await context.fleet.read()).namespacesOf.get(host.id) ?? [];
  if (nodeId === null) {
    return own.filter(({ id }) => byDefault === "ALL" || isRoot(id)).map(({ id }) => id);
  }
  const id = namespaceIdOf(nodeId);
  if (own.some((namespace) => namespace.id === id)) return [id];
  throw new SpillwayError("NOT_FOUND", `the host "${host.name}" has no namespace ${nodeId}`);
}
