import type { SnapshotResult } from "../../protocol/answer.ts";
import type { Labels } from "../../store/labels/effective.ts";
import type { NamespaceEntry } from "../../store/namespaces.ts";
import type { TokenActor } from "../../store/tokens.ts";
import { allowsHost } from "../host-pattern.ts";
import type { KnownHost, Registry } from "../registry.ts";
import { fault } from "./fault.ts";
import { isQuickHost, isQuickNamespace } from "./quick.ts";
import { firstIssue, hostSchema, namespaceSchema, type ParsedHost, type ParsedNamespace } from "./schema.ts";

export interface SectionDeps {
  readonly registry: Registry;
  /** Snapshots older than this are refused: their predecessors may have been dropped. */
  readonly oldestAcceptedMs: number;
  /**
   * Where there are any, a section without labels says nothing of a host that is known, and these are those of a new
   * one. Left out, such a section says that its host has none, as agents do.
   */
  readonly newHostLabels?: Labels;
}

/** The part of a push that is about one host and epoch, with the ids of what it is about. */
export interface Section {
  readonly host: KnownHost;
  readonly parsed: ParsedHost;
  readonly epochId: number;
  /** By place in the section's list, of those that snapshots are of: the id, or the fault of these snapshots. */
  readonly namespaces: ReadonlyMap<number, number | SnapshotResult>;
}

/**
 * Reads what a section says of its host, and finds its ids.
 *
 * @param sender the token that the push came with
 * @param snapshots those of the section, unread
 * @param index its place in the push, for messages
 * @returns the fault of all its snapshots when it cannot be taken
 */
export async function openSection(
  deps: SectionDeps,
  sender: TokenActor,
  raw: unknown,
  snapshots: readonly unknown[],
  index: number,
  now: number,
): Promise<Section | SnapshotResult> {
  const result = isQuickHost(raw) ? { success: true as const, data: raw } : hostSchema.safeParse(raw);
  if (!result.success) return fault("rejected", "MALFORMED", firstIssue(result.error, `hosts[${index}]`));
  const parsed = result.data;
  if (!allowsHost(sender.hostPattern, parsed.name)) {
    return fault(
      "retry",
      "HOST_REFUSED",
      `the token "${sender.name}" pushes for hosts named ${sender.hostPattern}, and not for "${parsed.name}": ` +
        "give this agent another token",
    );
  }
  const said = {
    name: parsed.name,
    machineId: parsed.machineId ?? null,
    labels: parsed.labels ?? deps.newHostLabels ?? {},
    labelsIfNew: parsed.labels === undefined && deps.newHostLabels !== undefined,
    forcedLabels: sender.forcedLabels,
  };
  const since = oldestAt(deps, snapshots, now);
  const host = await deps.registry.host(parsed.id, parsed.key, said, { now, since });
  if (host === null) {
    return fault(
      "retry",
      "KEY_REFUSED",
      `host id ${parsed.id} ("${parsed.name}") belongs to an agent with another key: if this machine was cloned ` +
        "or its state folder copied, delete the agent's state folder here, so that it gets an id of its own",
    );
  }
  const { boot, ...facts } = parsed.epoch;
  return {
    host,
    parsed,
    epochId: await deps.registry.epoch(host, { bootId: boot, ...facts }),
    namespaces: await namespacesOf(deps, host, parsed, snapshots, `hosts[${index}]`),
  };
}

/** The time of the oldest snapshot that can be taken: from when what the section says of its host holds. */
function oldestAt(deps: SectionDeps, snapshots: readonly unknown[], now: number): number {
  let oldest = now;
  for (const raw of snapshots) {
    const at = typeof raw === "object" && raw !== null && "at" in raw ? raw.at : null;
    if (typeof at === "number" && at < oldest && at >= now - deps.oldestAcceptedMs) oldest = at;
  }
  return oldest;
}

/** The namespaces that snapshots are of, by their place in the section's list. */
async function namespacesOf(
  { registry }: SectionDeps,
  host: KnownHost,
  { namespaces: listed = [], epoch }: ParsedHost,
  snapshots: readonly unknown[],
  prefix: string,
): Promise<ReadonlyMap<number, number | SnapshotResult>> {
  const found = new Map<number, number | SnapshotResult>();
  const entries = new Map<number, NamespaceEntry>();
  for (const snapshot of snapshots) {
    const place = (snapshot as { readonly namespace?: unknown } | null)?.namespace;
    if (typeof place !== "number" || listed[place] === undefined) continue;
    if (found.has(place) || entries.has(place)) continue;
    const read = readNamespace(listed[place], `${prefix}.namespaces[${place}]`);
    if ("status" in read) found.set(place, read);
    else entries.set(place, entryOf(read, epoch.boot));
  }
  const ids = await registry.namespaces(host, [...entries.values()]);
  [...entries.keys()].forEach((place, index) => {
    found.set(place, ids[index] ?? -1);
  });
  return found;
}

/** A namespace as it is listed, or the fault of its snapshots: those of the others are taken. */
function readNamespace(raw: unknown, path: string): ParsedNamespace | SnapshotResult {
  if (isQuickNamespace(raw)) return raw;
  const result = namespaceSchema.safeParse(raw);
  return result.success ? result.data : fault("rejected", "MALFORMED", firstIssue(result.error, path));
}

function entryOf(namespace: ParsedNamespace, bootId: string): NamespaceEntry {
  const { kind, inode, birth, containerId, name, labels } = namespace;
  return {
    key: { kind: kind === "container" ? "CONTAINER" : "OTHER", bootId, inode, birth },
    facts: { containerId: containerId ?? null, name: name ?? null, labels: labels ?? {} },
  };
}
