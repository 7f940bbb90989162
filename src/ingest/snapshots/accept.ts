import { SpillwayError } from "../../errors.ts";
import type { SnapshotResult } from "../../protocol/answer.ts";
import { LIMITS } from "../../protocol/limits.ts";
import type { WireListeners } from "../../protocol/message.ts";
import { SPOKEN_VERSIONS } from "../../protocol/version.ts";
import { encodeListeners } from "../../store/codec/listeners.ts";
import { encodeValues } from "../../store/codec/values.ts";
import type { HostSeen } from "../../store/host-status.ts";
import { FLAG_FROM_ZERO, type SnapshotRow } from "../../store/snapshots.ts";
import type { TokenActor } from "../../store/tokens.ts";
import type { CommitOutcome } from "../commit-lane.ts";
import type { Facts, HostSaid } from "../facts.ts";
import type { GroupCommit } from "../group-commit.ts";
import type { Presence } from "../presence.ts";
import { fault } from "./fault.ts";
import { isQuickPush, isQuickSnapshot } from "./quick.ts";
import { firstIssue, type ParsedPush, pushSchema, snapshotSchema } from "./schema.ts";
import { openSection, type Section, type SectionDeps } from "./section.ts";
import { parseValues } from "./values.ts";

export interface AcceptDeps extends SectionDeps {
  readonly commit: GroupCommit;
  readonly presence: Presence;
  readonly facts: Facts;
  /** ms since 1970 */
  readonly now: () => number;
}

/** A row to be committed, with the settings that came with it. */
type PendingRow = SnapshotRow & {
  readonly sysctls: Readonly<Record<string, string>> | null;
  readonly isRoot: boolean;
};

/** A place in the answer: already decided, or waiting for the commit of a row. */
type Slot = SnapshotResult | PendingRow;

/** What a push comes to, before anything is stored. Holds no part of its body: many of them wait for a commit. */
export interface PushPlan {
  readonly slots: readonly Slot[];
  readonly rows: readonly PendingRow[];
  readonly seen: readonly HostSeen[];
  readonly said: readonly HostSaid[];
}

/**
 * Reads a push: rows for the snapshots that are good, and the fault of each that is not.
 *
 * @param sender the token that it came with, which says for which hosts it may speak
 * @param body the parsed JSON of the request
 * @throws BAD_REQUEST when the push as a whole cannot be read, UNAVAILABLE when the database does not answer
 */
export async function planPush(deps: AcceptDeps, sender: TokenActor, body: unknown): Promise<PushPlan> {
  checkVersion(body);
  const { agent, hosts } = readPush(body);
  const now = deps.now();
  const slots: Slot[] = [];
  const rows: PendingRow[] = [];
  const seen: HostSeen[] = [];
  const said: HostSaid[] = [];
  for (const [index, raw] of hosts.entries()) {
    const section = await openSection(deps, sender, raw, raw.snapshots, index, now);
    if ("status" in section) {
      for (const _ of raw.snapshots) slots.push(section);
      continue;
    }
    const { host, parsed, epochId } = section;
    if (parsed.capabilities !== undefined || parsed.goodbye !== undefined) {
      said.push({ hostId: host.id, capabilities: parsed.capabilities, goodbye: parsed.goodbye });
    }
    // The host's interval is its root's: other namespaces send when something changed.
    let last: PendingRow | null = null;
    for (const [place, snapshot] of raw.snapshots.entries()) {
      const slot = await readSnapshot(deps, section, snapshot, place, now);
      slots.push(slot);
      if ("status" in slot) continue;
      rows.push(slot);
      if (slot.isRoot || last?.isRoot !== true) last = slot;
    }
    if (last !== null) {
      seen.push({
        hostId: host.id,
        lastSeen: now,
        epochId,
        everyMs: last.everyMs,
        agentVersion: agent.version,
        clockSkewMs: agent.clock - now,
        health: parsed.health ?? null,
      });
    }
  }
  return { slots, rows, seen, said };
}

/**
 * Stores what a push comes to.
 *
 * @returns after the commit, one result for each snapshot, in the order sent
 * @throws UNAVAILABLE when the database does not answer
 */
export async function storePush(deps: AcceptDeps, plan: PushPlan): Promise<SnapshotResult[]> {
  const { slots, rows, seen, said } = plan;
  const outcomes = await deps.commit.submit(rows);
  for (const host of seen) deps.presence.saw(host);
  // Before the answer: what an agent has had acknowledged it does not say again.
  await deps.facts.keep(
    rows.filter((row, index) => row.sysctls !== null && isKept(outcomes[index])),
    said,
  );
  let next = 0;
  return slots.map((slot) => ("status" in slot ? slot : resultOf(outcomes[next++], slot)));
}

function readPush(body: unknown): ParsedPush {
  const push = isQuickPush(body) ? { success: true as const, data: body } : pushSchema.safeParse(body);
  if (!push.success) throw new SpillwayError("BAD_REQUEST", firstIssue(push.error));
  const count = push.data.hosts.reduce((sum, host) => sum + host.snapshots.length, 0);
  if (count > LIMITS.snapshotsPerPush) {
    throw new SpillwayError(
      "BAD_REQUEST",
      `the push has ${count} snapshots; at most ${LIMITS.snapshotsPerPush} are taken at once: send them in parts`,
    );
  }
  return push.data;
}

function checkVersion(body: unknown): void {
  const version =
    typeof body === "object" && body !== null ? (body as { protocol?: unknown }).protocol : undefined;
  if (typeof version === "number" && SPOKEN_VERSIONS.includes(version)) return;
  throw new SpillwayError(
    "BAD_REQUEST",
    `protocol: ${typeof version === "number" ? version : typeof version}, but this service speaks version ${SPOKEN_VERSIONS.join(", ")}: ` +
      "upgrade whichever of agent and service is older",
  );
}

async function readSnapshot(
  deps: AcceptDeps,
  section: Section,
  raw: unknown,
  index: number,
  now: number,
): Promise<Slot> {
  const result = isQuickSnapshot(raw) ? { success: true as const, data: raw } : snapshotSchema.safeParse(raw);
  if (!result.success) return fault("rejected", "MALFORMED", firstIssue(result.error, `snapshots[${index}]`));
  const snapshot = result.data;
  const late = checkTime(snapshot.at, now, deps.oldestAcceptedMs);
  if (late !== null) return late;

  const layout = await deps.registry.layout(snapshot.layout, section.parsed.layouts?.[snapshot.layout]);
  if (layout === null) {
    return fault(
      "retry",
      "UNKNOWN_LAYOUT",
      `layout ${snapshot.layout} is not known here: send its counter names in \`layouts\` with the next push`,
    );
  }
  if (layout === "mismatch") {
    return fault(
      "rejected",
      "LAYOUT_MISMATCH",
      `the names sent for layout ${snapshot.layout} have another hash`,
    );
  }
  if (layout === "limit") {
    return fault(
      "retry",
      "LIMIT_EXCEEDED",
      "the service keeps as many counter names and layouts as it may; this one is new",
    );
  }
  if (snapshot.values.length !== layout.length) {
    return fault(
      "rejected",
      "VALUES_MISMATCH",
      `${snapshot.values.length} values for the ${layout.length} counters of layout ${snapshot.layout}`,
    );
  }
  const values = parseValues(snapshot.values);
  if ("code" in values) return fault("rejected", values.code, `snapshots[${index}].${values.message}`);
  const { namespace } = snapshot;
  const namespaceId =
    namespace === undefined ? await deps.registry.root(section.host) : section.namespaces.get(namespace);
  if (typeof namespaceId === "object") return namespaceId;
  if (namespaceId === undefined) {
    return fault(
      "rejected",
      "MALFORMED",
      `snapshots[${index}].namespace: ${namespace} is not an index into the section's namespaces`,
    );
  }
  return {
    namespaceId,
    at: snapshot.at,
    epochId: section.epochId,
    uptimeMs: snapshot.uptimeMs,
    everyMs: snapshot.everyMs,
    flags: snapshot.fromZero === true ? FLAG_FROM_ZERO : 0,
    layoutId: layout.id,
    values: encodeValues(values.counts),
    listeners: snapshot.listeners === undefined ? null : encodeListeners(snapshot.listeners as WireListeners),
    sysctls: snapshot.sysctls ?? null,
    isRoot: snapshot.namespace === undefined,
  };
}

function checkTime(at: number, now: number, oldestAcceptedMs: number): SnapshotResult | null {
  if (at > now + LIMITS.futureMs) {
    return fault(
      "future",
      "FUTURE",
      `the snapshot is dated ${Math.round((at - now) / 1000)} s ahead of the service's clock ` +
        `(${new Date(now).toISOString()}): date snapshots by the \`time\` of the service's answers`,
    );
  }
  if (at < now - oldestAcceptedMs) {
    return fault(
      "too_old",
      "TOO_OLD",
      `the snapshot is ${Math.round((now - at) / 3_600_000)} h old; the service takes none older than ` +
        `${Math.round(oldestAcceptedMs / 3_600_000)} h, the retention of raw snapshots less a day`,
    );
  }
  return null;
}

/** What is not stored is sent again, with what came with it. */
function isKept(outcome: CommitOutcome | undefined): boolean {
  return outcome !== "fault" && outcome !== "busy";
}

function resultOf(outcome: CommitOutcome | undefined, row: SnapshotRow): SnapshotResult {
  switch (outcome) {
    case "stored":
    case "duplicate":
      return { status: outcome };
    case "conflict":
      return fault(
        "rejected",
        "CONFLICT",
        `this namespace already has a snapshot of ${new Date(row.at).toISOString()} with other content: ` +
          "two agents share one id, or one dated two snapshots alike; the first is kept",
      );
    case "busy":
      return fault(
        "retry",
        "SERVICE_FAULT",
        "the service has as many snapshots of hours long past waiting as it may: it takes this one later",
      );
    default:
      return fault("retry", "SERVICE_FAULT", "the service could not store this snapshot; its log says why");
  }
}
