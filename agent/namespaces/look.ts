import type { Collector } from "../collector.ts";
import type { LookedNamespace } from "../look.ts";
import type { NamespaceFinder } from "./finder.ts";
import { createPick } from "./pick.ts";
import { preferPid, readNamespace } from "./read-namespace.ts";
import { keyOf } from "./sampler.ts";

/** The namespaces that are there now, to be read as often as somebody likes. */
export function namespacesToLookAt(
  finder: NamespaceFinder,
  procfs: string,
  collectors: readonly Collector[],
  counters: "diagnosis" | "all",
): readonly LookedNamespace[] {
  const pick = createPick(counters);
  return finder.find(0).map((namespace) => ({
    key: keyOf(namespace),
    wire: namespace.wire,
    read() {
      const read = readNamespace(procfs, collectors, namespace.inode, namespace.pids);
      const picked = read === null ? null : pick(read.scrape);
      if (read === null || picked === null) return null;
      preferPid(namespace, read.pid);
      return { ...picked, pid: read.pid };
    },
  }));
}
