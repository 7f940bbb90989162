/** Notifications as the stages make them, for tests of what becomes of them. */
import fc from "fast-check";
import type { Notification, NotifiedIncident } from "../../../src/notify/receiver.ts";
import type { Diagnosis, IncidentRecord } from "../../../src/store/incidents/records.ts";
import { incidentRecord } from "../incident-records.ts";

/** 2026-11-22 10:42 UTC */
export const STARTED_AT = Date.UTC(2026, 10, 22, 10, 42);
export const MINUTE = 60_000;

export const DIAGNOSIS: Diagnosis = {
  cause: "APPLICATION_STALLED",
  contributing: ["MEMORY_PRESSURE"],
  severity: "CRITICAL",
  confidence: 0.92,
  summary:
    "The listener 0.0.0.0:8080 (nginx) accepts nothing: its process is stopped, blocked or in a long pause. About 56 % of new connections were lost or delayed by a second or more (47 % to 90 %).",
  evidence: [
    {
      statement: "1,138 ListenOverflows in 60 s: SYNs and last ACKs found the accept queue full.",
      counter: "TcpExtListenOverflows",
      listener: null,
      value: 1138,
    },
    {
      statement: "The listener 0.0.0.0:8080 (nginx) had a full queue in 60 of 60 samples.",
      counter: null,
      listener: { namespaceId: 1, inode: "7", address: "0.0.0.0", port: 8080 },
      value: null,
    },
  ],
  remedies: ["See what the process does. A larger backlog will not help: it fills as well."],
};

export function incident(more: Partial<IncidentRecord> = {}): IncidentRecord {
  return incidentRecord({
    id: 12,
    dedupKey: "0123456789abcdef0123456789abcdef",
    status: more.resolvedAt != null ? "RESOLVED" : more.acknowledgedAt != null ? "ACKNOWLEDGED" : "OPEN",
    severity: "CRITICAL",
    cause: "APPLICATION_STALLED",
    title: "Application accepts nothing on port 8080: web-1",
    startedAt: STARTED_AT,
    updatedAt: STARTED_AT + MINUTE,
    loss: { share: 0.56, low: 0.47, high: 0.9 },
    diagnosis: DIAGNOSIS,
    ...more,
  });
}

export function notified(more: Partial<NotifiedIncident> = {}): NotifiedIncident {
  const one = more.incident ?? incident();
  return {
    incident: one,
    firing: one.resolvedAt === null,
    hostCount: 1,
    hosts: ["web-1"],
    precededBy: { kind: "DEPLOY", title: "api v2", at: STARTED_AT - 4 * MINUTE },
    trend: [0, 0, 0.4, 12.5, 25],
    url: `https://spillway.example/incidents/${one.id}`,
    labelsAtFirst: { role: "web", cause: "APPLICATION_STALLED" },
    ...more,
  };
}

export function notification(more: Partial<Notification> = {}): Notification {
  return {
    kind: "OPENED",
    idempotencyKey: "delivery-1",
    groupKey: "night/{}:{cause=APPLICATION_STALLED,role=web}#1",
    groupLabels: { cause: "APPLICATION_STALLED", role: "web" },
    digest: false,
    incidents: [notified()],
    url: "https://spillway.example/incidents",
    at: STARTED_AT + 7 * MINUTE,
    ...more,
  };
}

export const RESOLVED_AT = STARTED_AT + 24 * MINUTE;

/** What becomes of `notification()` in the end. */
export function resolution(more: Partial<Notification> = {}): Notification {
  return notification({
    kind: "RESOLVED",
    idempotencyKey: "delivery-9",
    incidents: [notified({ incident: incident({ resolvedAt: RESOLVED_AT }) })],
    at: RESOLVED_AT + MINUTE,
    ...more,
  });
}

export function testing(): Notification {
  return notification({
    kind: "TEST",
    incidents: [],
    groupLabels: {},
    groupKey: "test-7",
    idempotencyKey: "test-7",
  });
}

/** As many incidents as hosts, each of its own, some of them over. */
export function manyIncidents(count: number): NotifiedIncident[] {
  return Array.from({ length: count }, (_, index) =>
    notified({
      incident: incident({
        id: index + 1,
        dedupKey: index.toString(16).padStart(32, "0"),
        title: `Application accepts nothing on port 8080: web-${index}`,
      }),
      hosts: [`web-${index}`],
    }),
  );
}

/** Text that somebody chose in order to break a message. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.constantFrom(
    "<!channel> <@U1> <https://evil.example|click>",
    "</td><script>alert(1)</script>",
    "a\r\nBcc: victim@example.com\r\n\r\nbody",
    "\u202egnp.exe",
    "\ud800 half of a pair \udc00",
    '"; DROP TABLE incident; --\u0000\u0007\u001b[2J',
    "&amp;<>&lt;|*_~`",
    "💥".repeat(700),
    "<".repeat(5_000),
  ),
  fc.integer({ min: 1, max: 4 }).map((times) => "x&<".repeat(times * 100_000)),
);

/** A notification all of whose texts are hostile. */
export const hostileNotification: fc.Arbitrary<Notification> = fc
  .record({
    texts: fc.array(hostileText, { minLength: 6, maxLength: 6 }),
    count: fc.constantFrom(1, 2, 30, 500),
    kind: fc.constantFrom("OPENED", "CHANGED", "ACKNOWLEDGED", "RESOLVED", "REMINDER"),
    values: fc.option(fc.array(fc.double(), { maxLength: 100 }), { nil: null }),
  })
  .map(({ texts, count, kind, values }) => {
    const [a = "", b = "", c = "", d = "", e = "", f = ""] = texts;
    const evil = incident({
      title: a,
      labels: { role: b, severity: c, alertname: d },
      acknowledgedAt: STARTED_AT,
      acknowledgedBy: e,
      resolvedAt: kind === "RESOLVED" ? RESOLVED_AT : null,
      diagnosis: {
        ...DIAGNOSIS,
        summary: b,
        evidence: Array.from({ length: 30 }, () => ({
          statement: f,
          counter: "TcpExtListenDrops",
          listener: { namespaceId: 1, inode: "7", address: a, port: 8080 },
          value: 1,
        })),
        remedies: Array.from({ length: 30 }, () => c),
      },
    });
    const one = notified({
      incident: evil,
      hosts: [a, b, c, d, e, f],
      hostCount: 500,
      precededBy: { kind: d, title: e, at: STARTED_AT },
      trend: values,
      labelsAtFirst: { role: b, severity: c, alertname: d },
    });
    const incidents = Array.from({ length: count }, (_, id) => ({
      ...one,
      incident: { ...evil, id, dedupKey: String(id) },
    }));
    return notification({ kind, incidents, groupLabels: { role: f, zone: a } });
  });
