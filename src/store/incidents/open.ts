import { Prisma } from "../../generated/prisma/client.ts";
import { SYSTEM_ACTOR } from "../audit.ts";
import type { Db } from "../client.ts";
import type { Labels } from "../labels/effective.ts";
import { lockNewestOf } from "./lock.ts";
import { type IncidentMember, type MemberChange, setMembers } from "./members.ts";
import {
  type Cause,
  type Diagnosis,
  type IncidentRecord,
  type LossShare,
  type Severity,
  URGENCIES,
  type Urgency,
} from "./records.ts";
import { type NewEntry, recordEntries } from "./timeline.ts";

/** What detection has judged: that something is wrong, of which one incident shall tell. */
export interface Finding {
  /** One key has at most one incident that is not resolved. */
  readonly dedupKey: string;
  /**
   * The time of the newest data judged. It grows with each judgement of a key, also where several shards have a say:
   * a finding that is not newer than what the incident was judged by last changes nothing.
   */
  readonly judgedAt: number;
  readonly startedAt: number;
  readonly severity: Severity;
  /** What it asks for now: an incident keeps the loudest since it was opened last. */
  readonly urgency: Urgency;
  readonly cause: Cause;
  readonly title: string;
  readonly labels: Labels;
  readonly flapping: boolean;
  readonly loss: LossShare | null;
  /** Null where something else is found now. An incident keeps the newest of its own cause, with its loss. */
  readonly diagnosis: Diagnosis | null;
  /** All hosts that are affected now. */
  readonly hosts: readonly IncidentMember[];
  /** An incident of this key that was resolved at this time or later goes on, instead of a new one. */
  readonly reopenSince: number;
}

export interface Judged {
  readonly incidentId: number;
  readonly outcome: "opened" | "reopened" | "updated" | "unchanged";
}

/**
 * Opens an incident for a finding, goes on with the one that is open, or opens one again that was resolved a
 * moment ago; with its timeline and the outbox, in the caller's transaction. What is opened, or opened again, is
 * explained by nothing until `setInhibition` says so.
 *
 * Safe to run twice, late, and at the same time: writers of one key wait for each other, and `judgedAt` tells what
 * is news. What a person has resolved is not opened again by data from before that. A transaction that judges
 * several keys takes them in one order, or two of them may wait for each other.
 *
 * @param now ms since 1970
 */
export async function openOrUpdate(tx: Db, finding: Finding, now: number): Promise<Judged> {
  const newest = await lockNewestOf(tx, finding.dedupKey);
  if (newest !== null && Math.max(newest.judgedAt, newest.resolvedAt ?? 0) >= finding.judgedAt) {
    return { incidentId: newest.id, outcome: "unchanged" };
  }
  if (newest === null || (newest.resolvedAt !== null && newest.resolvedAt < finding.reopenSince)) {
    return open(tx, finding, now);
  }
  return goOn(tx, newest, finding, now);
}

async function open(tx: Db, finding: Finding, now: number): Promise<Judged> {
  const { dedupKey, startedAt, hosts, judgedAt } = finding;
  const { id } = await tx.incident.create({
    data: { dedupKey, startedAt: new Date(startedAt), ...columnsOf(finding, now), ...evidenceOf(finding) },
    select: { id: true },
  });
  await setMembers(tx, id, hosts, judgedAt);
  await recordEntries(tx, id, [entryOf(finding, "OPENED", finding.title)], now);
  return { incidentId: id, outcome: "opened" };
}

async function goOn(tx: Db, incident: IncidentRecord, judged: Finding, now: number): Promise<Judged> {
  const { id } = incident;
  const reopened = incident.resolvedAt !== null;
  const finding = reopened ? judged : { ...judged, urgency: louder(incident.urgency, judged.urgency) };
  // What explained it then is no reason to hold it back now: who finds that it is explained says so anew.
  const again = {
    status: "OPEN",
    resolvedAt: null,
    acknowledgedAt: null,
    acknowledgedBy: null,
    inhibitedBy: null,
  } as const;
  await tx.incident.update({
    where: { id },
    data: {
      ...columnsOf(finding, now),
      ...(keepsEvidence(incident, finding) ? {} : evidenceOf(finding)),
      ...(reopened ? again : {}),
      revision: { increment: 1 },
    },
  });
  const members = await setMembers(tx, id, finding.hosts, finding.judgedAt);
  const entries = changesOf(incident, finding, members);
  // Who is told that it is back need not be told that its hosts are.
  const told = reopened
    ? [entryOf(finding, "REOPENED", finding.title), ...entries.filter(({ kind }) => kind !== "HOSTS_CHANGED")]
    : entries;
  await recordEntries(tx, id, told, now);
  return { incidentId: id, outcome: reopened ? "reopened" : "updated" };
}

/** What of an incident each finding says anew. */
function columnsOf(finding: Finding, now: number) {
  const { severity, urgency, cause, title, labels, flapping, judgedAt } = finding;
  return {
    severity,
    urgency,
    cause,
    title,
    labels: { ...labels },
    flapping,
    judgedAt: new Date(judgedAt),
    updatedAt: new Date(now),
  };
}

/** What it is told by. */
function evidenceOf({ loss, diagnosis }: Finding) {
  return {
    lossShare: loss?.share ?? null,
    lossLow: loss?.low ?? null,
    lossHigh: loss?.high ?? null,
    diagnosis: diagnosis === null ? Prisma.DbNull : (diagnosis as unknown as Prisma.InputJsonObject),
  };
}

/**
 * Whether an incident keeps what it is told by: its hosts are diagnosed otherwise now, which is no reason to forget what
 * was found of it.
 */
function keepsEvidence(before: IncidentRecord, { diagnosis, cause }: Finding): boolean {
  if (before.diagnosis === null || before.cause !== cause) return false;
  return diagnosis === null || (before.diagnosis.cause === cause && diagnosis.cause !== cause);
}

function changesOf(before: IncidentRecord, finding: Finding, { joined, left }: MemberChange): NewEntry[] {
  const entries: NewEntry[] = [];
  if (before.severity !== finding.severity) {
    entries.push(entryOf(finding, "SEVERITY_CHANGED", `${before.severity} to ${finding.severity}`));
  }
  if (before.cause !== finding.cause) {
    entries.push(entryOf(finding, "CAUSE_CHANGED", `${before.cause} to ${finding.cause}: ${finding.title}`));
  }
  if (before.urgency !== finding.urgency) {
    entries.push(entryOf(finding, "URGENCY_CHANGED", `${before.urgency} to ${finding.urgency}`));
  }
  if (finding.flapping && !before.flapping) {
    entries.push(entryOf(finding, "FLAPPING", "it ends and starts again within minutes"));
  }
  const moves = [
    ...(joined.length > 0 ? [`joined: ${listOf(joined)}`] : []),
    ...(left.length > 0 ? [`recovered: ${listOf(left)}`] : []),
  ];
  if (moves.length > 0) entries.push(entryOf(finding, "HOSTS_CHANGED", moves.join("; ")));
  return entries;
}

function entryOf({ judgedAt }: Finding, kind: NewEntry["kind"], text: string): NewEntry {
  return { at: judgedAt, actor: SYSTEM_ACTOR.name, kind, text, key: `${kind} ${judgedAt}` };
}

function louder(a: Urgency, b: Urgency): Urgency {
  return URGENCIES.indexOf(a) >= URGENCIES.indexOf(b) ? a : b;
}

const NAMED = 5;

function listOf(names: readonly string[]): string {
  const rest = names.length - NAMED;
  return names.slice(0, NAMED).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
