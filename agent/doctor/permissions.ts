import { type Privileges, readPrivileges } from "../listeners/privileges.ts";
import { scanNamespaces } from "../namespaces/scan.ts";
import { type Finding, messageOf } from "./check.ts";

/** Whether the processes of others are to be seen, by which other network namespaces are found (hidepid). */
export function checkProcesses(procfs: string): Finding {
  const check = "processes";
  const remedy = "run the agent as root or in the group of the mount's gid= option, or mount without hidepid";
  try {
    const { processes, refused, sawInit } = scanNamespaces(procfs);
    if (refused > 0) {
      return {
        check,
        status: "warn",
        message: `${refused} of ${processes} processes in ${procfs} are closed to this user, so their network namespaces are not found: ${remedy}`,
      };
    }
    if (!sawInit) {
      return {
        check,
        status: "warn",
        message: `process 1 is not to be seen in ${procfs}, so the processes of others are hidden and their network namespaces are not found: ${remedy}`,
      };
    }
    return { check, status: "ok", message: `all ${processes} processes in ${procfs} can be looked at` };
  } catch (error) {
    return { check, status: "FAIL", message: `cannot list ${procfs}: ${messageOf(error)}; mend --procfs` };
  }
}

/** What this user may do beyond reading counters. The agent needs none of it, and sees less without. */
export function checkPrivileges(
  procfs: string,
  { enter, owners }: Privileges = readPrivileges(),
  others: number = otherNamespaces(procfs),
): Finding {
  const check = "privileges";
  const may = [
    enter ? "enter other network namespaces" : "",
    owners ? "see which process owns a listener" : "",
  ].filter((part) => part !== "");
  const missing = [
    !enter && others > 0
      ? `in ${others} other network namespaces only the queue of listeners is seen, not limit and drops (needs CAP_SYS_ADMIN and CAP_SYS_PTRACE)`
      : "",
    owners
      ? ""
      : "the processes that own listeners are not named (needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH)",
  ].filter((part) => part !== "");
  if (missing.length === 0) {
    const message = may.length === 0 ? "none are needed here" : `the agent may ${may.join(" and ")}`;
    return { check, status: "ok", message };
  }
  return {
    check,
    status: "warn",
    message: `${missing.join("; ")}: give it these, or run it as root, if you want that`,
  };
}

function otherNamespaces(procfs: string): number {
  try {
    return Math.max(0, scanNamespaces(procfs).byInode.size - 1);
  } catch {
    return 0;
  }
}
