import { readFileSync } from "node:fs";
import { LIMITS } from "../../src/protocol/limits.ts";
import type { WireNamespace } from "../../src/protocol/message.ts";
import { parseCgroup } from "../parse/cgroup.ts";
import { sendable } from "../text.ts";

/** What is said of a namespace besides its identity. */
export type NamespaceFacts = Omit<WireNamespace, "inode" | "birth">;

/** Drawn by chance by a runtime, and printed by `docker ps` with its first 12 characters. Other names are people's. */
const LONG_ID = /^[0-9a-f]{64}$/;
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
  if (containerId !== undefined) labels.container = shortened(containerId);
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

/** Names are left whole: `juju-a1b2c3-0` and `juju-a1b2c3-1` have their first 12 characters in common. */
function shortened(containerId: string): string {
  return LONG_ID.test(containerId)
    ? containerId.slice(0, SHORT_ID)
    : sendable(containerId, LIMITS.labelValueLength);
}

/**
 * Whether a container or pod has it that did not before. In a pod the containers come and go, and the namespace
 * is the pod's.
 */
export function isOfAnother(before: NamespaceFacts, now: NamespaceFacts): boolean {
  const [oldPod, newPod] = [before.labels?.pod_uid, now.labels?.pod_uid];
  if (oldPod !== undefined || newPod !== undefined) return oldPod !== newPod;
  return before.containerId !== now.containerId;
}

/** Empty where it cannot be read: a namespace is followed whoever owns it. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
