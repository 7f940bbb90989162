import { readFileSync, readlinkSync } from "node:fs";
import { inodeOf } from "./scan.ts";

/** A line of mountinfo whose root is a network namespace: `43 42 0:4 net:[4026532177] /run/netns/a rw - nsfs ...`. */
const MOUNT = /^\S+ \S+ \S+ (net:\[[0-9]+\]) .* - nsfs /gm;

/**
 * The network namespaces that a mount keeps, by the names that the links `<pid>/ns/net` have: as
 * `ip netns add`, docker and CNI make them, they exist and count without a process. null when nobody can tell.
 *
 * Those of the mount namespace of process 1, whose mountinfo any user may read.
 */
export function readMounted(procfs: string): ReadonlySet<string> | null {
  try {
    const text = readFileSync(`${procfs}/1/mountinfo`, "utf8");
    return new Set(Array.from(text.matchAll(MOUNT), ([, name = ""]) => name));
  } catch {
    return null;
  }
}

/**
 * The name of a namespace as mounts have it, by the first of its processes that may be asked. The kernel shows
 * the link to those alone who may trace the process; others get null.
 */
export function nameOfNamespace(procfs: string, inode: number, pids: readonly number[]): string | null {
  for (const pid of pids) {
    try {
      const name = readlinkSync(`${procfs}/${pid}/ns/net`);
      // It was still this process, and still in there.
      if (inodeOf(`${procfs}/${pid}/net`) === inode) return name;
    } catch {
      // It has ended, or is another user's.
    }
  }
  return null;
}
