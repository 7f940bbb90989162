/** Hosts, findings, recoveries and anomalies, for tests of incidents. */
import { randomBytes, randomUUID } from "node:crypto";
import { inTransaction, type PrismaClient } from "../../src/store/client.ts";
import { registerHost } from "../../src/store/hosts.ts";
import type { NewAnomaly } from "../../src/store/incidents/anomalies.ts";
import { type Finding, type Judged, openOrUpdate } from "../../src/store/incidents/open.ts";
import type { Diagnosis, Evidence } from "../../src/store/incidents/records.ts";
import { type Recovery, resolveByKey } from "../../src/store/incidents/resolve.ts";
import { registerRoot } from "../../src/store/namespaces.ts";

/** A time on a whole minute; findings and anomalies begin here. */
export const T0 = Date.UTC(2026, 10, 22, 12);

export interface TestMember {
  readonly hostId: number;
  readonly hostName: string;
  readonly agentId: string;
  readonly namespaceId: number;
}

export async function newMember(
  db: PrismaClient,
  hostName: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<TestMember> {
  const agentId = randomUUID();
  const facts = { name: hostName, machineId: null, labels };
  const host = await registerHost(db, agentId, randomBytes(32), facts);
  return { hostId: host.id, hostName, agentId, namespaceId: await registerRoot(db, host.id) };
}

/** A finding that an application is slow, judged a minute after it began. */
export function finding(said: Partial<Finding> = {}): Finding {
  return {
    dedupKey: "web slow",
    judgedAt: T0 + 60_000,
    startedAt: T0,
    severity: "MAJOR",
    urgency: "NOTE",
    cause: "APPLICATION_SLOW",
    title: "nginx on web accepts too slowly",
    labels: { role: "web" },
    flapping: false,
    loss: { share: 0.05, low: 0.03, high: 0.3 },
    diagnosis: null,
    hosts: [],
    reopenSince: 0,
    ...said,
  };
}

export function judge(db: PrismaClient, said: Partial<Finding> = {}): Promise<Judged> {
  const judged = finding(said);
  return inTransaction(db, (tx) => openOrUpdate(tx, judged, judged.judgedAt + 1_000));
}

export function recover(db: PrismaClient, said: Partial<Recovery> = {}): Promise<number | null> {
  const recovery = { dedupKey: "web slow", judgedAt: T0 + 600_000, text: "no loss for 5 minutes", ...said };
  return inTransaction(db, (tx) => resolveByKey(tx, recovery, recovery.judgedAt + 1_000));
}

/** Opens every connection of the pool, so that what is begun together after it runs at the same time. */
export async function warmUp(db: PrismaClient): Promise<void> {
  await Promise.all(Array.from({ length: 6 }, () => db.$executeRaw`SELECT pg_sleep(0.1)`));
}

export function anomalyOn(
  { hostId, namespaceId }: { readonly hostId: number; readonly namespaceId: number },
  said: Partial<NewAnomaly> = {},
): NewAnomaly {
  return {
    hostId,
    namespaceId,
    detector: "burst",
    counter: "TcpExtListenOverflows",
    startedAt: T0,
    severity: "MAJOR",
    endedAt: null,
    value: 30,
    expectedLow: null,
    expectedHigh: 0.02,
    score: 12,
    explanation: "30 in a minute, 0.02 expected",
    judgedAt: T0 + 60_000,
    ...said,
  };
}

/** Of a slow application, by two facts: one of a listener, one of nothing that is listed. */
export function diagnosisOf(listener: Evidence["listener"] = null): Diagnosis {
  return {
    cause: "APPLICATION_SLOW",
    contributing: ["CLIENT_ABORTS"],
    severity: "MAJOR",
    confidence: 0.8,
    summary: "the application is slow",
    evidence: [
      { statement: "its queue was full in 6 of 6 samples", counter: null, listener, value: 6 },
      { statement: "30 overflows", counter: "TcpExtListenOverflows", listener: null, value: 30 },
    ],
    remedies: ["add workers: it accepts 10/s, and 17/s come"],
  };
}
