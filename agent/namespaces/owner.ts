import { readFileSync } from "node:fs";
import { LIMITS } from "../../src/protocol/limits.ts";
import type { WireNamespace } from "../../src/protocol/message.ts";
import { parseCgroup } from "../parse/cgroup.ts";
import { sendable } from "../text.ts";

/** What is said of a namespace besides its identity. */
export type NamespaceFacts = Omit<WireNamespace, "inode" | "birth">;

/** As `docker ps` prints ids. */
const SHORT_ID = 12;
const CONTAINER_ID_MAX = 200;

/**
 * Whose namespace it is, by the cgroup and the name of its oldest process: nothing more can be had without
 * the socket of a container runtime, which is root's.
 */
export function readOwner(procfs: string, pid: number): NamespaceFacts {
  const { runtime, containerId, podUid, unit } = parseCgroup(textOf(`${procfs}/${pid}/cgroup`));
  const labels: Record<string, string> = {};
  if (runtime !== undefined) labels.runtime = runtime;
  if (containerId !== undefined) labels.container = sendable(containerId, SHORT_ID);
  if (podUid !== undefined) labels.pod_uid = podUid;
  if (containerId !== undefined || podUid !== undefined) {
    return {
      kind: "container",
      ...(containerId === undefined ? {} : { containerId: sendable(containerId, CONTAINER_ID_MAX) }),
      ...(Object.keys(labels).length === 0 ? {} : { labels }),
    };
  }
  const process = sendable(textOf(`${procfs}/${pid}/comm`).trim(), LIMITS.labelValueLength);
  if (process !== "") labels.process = process;
  return {
    kind: "other",
    ...(unit === undefined ? {} : { name: sendable(unit, LIMITS.hostNameLength) }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
}

/** Empty where it cannot be read: a namespace is followed whoever owns it. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
