import { readlinkSync } from "node:fs";
import { resolve } from "node:path";
import type { Capabilities } from "../capabilities.ts";
import { rootNetDir } from "../host-facts.ts";
import { inodeOf } from "./scan.ts";

/** The pid namespace that the kernel starts with has had this inode since 3.8 (PROC_PID_INIT_INO). */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";

/**
 * Whether what this agent sends as the root is the network namespace of the host's first process. Where it is
 * not, or nobody can tell, the capability `root` says so: a container's counters must not pass for a host's.
 */
export function judgeRoot(
  procfs: string,
  capabilities: Pick<Capabilities, "set">,
  ownPidNamespace: () => string = () => readlinkSync("/proc/self/ns/pid"),
): void {
  const reason = whyNotRoot(procfs, ownPidNamespace);
  capabilities.set("root", reason === null, reason ?? undefined);
}

function whyNotRoot(procfs: string, ownPidNamespace: () => string): string | null {
  const init = inodeOf(`${procfs}/1/net`);
  if (init === "refused") {
    return `${procfs} hides process 1 (hidepid), so nobody can tell whose counters these are: run the agent as root or in the group of the mount's gid= option`;
  }
  if (init === "gone") {
    return `no process 1 is to be seen in ${procfs}, so nobody can tell whose counters these are: where it is hidden (hidepid), run the agent as root or in the group of the mount's gid= option; else give --procfs the procfs of the host`;
  }
  // Another procfs is read by its process 1, and is given for being the host's.
  if (resolve(procfs) !== "/proc") return null;
  const own = inodeOf(rootNetDir(procfs));
  if (own !== init) {
    return "the agent is not in the network namespace of process 1, so these counters are not the host's: give it the host's network (hostNetwork: true, --network host), or mount the host's procfs and give --procfs";
  }
  if (readPidNamespace(ownPidNamespace) === FIRST_PID_NAMESPACE) return null;
  return "the agent is in a container with processes of its own, so these counters may be the container's and not the host's: give it the host's network and processes (hostNetwork and hostPID, --network host --pid host)";
}

function readPidNamespace(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}
