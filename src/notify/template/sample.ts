/** Examples of all that there is to tell: templates are tried on them, and a test of a receiver shows one. */
import type { Notification, NotifiedIncident } from "../receiver.ts";
import { type Variables, variablesOf } from "./variables.ts";

const MINUTE_MS = 60_000;
/** 2026-11-22 10:42 UTC */
const STARTED_AT = Date.UTC(2026, 10, 22, 10, 42);
const ORIGIN = "https://spillway.example";

const LOSS = { share: 0.56, low: 0.47, high: 0.9 };
const LISTENER = { namespaceId: 1, inode: "1", address: "0.0.0.0", port: 8080 };
const COUNTER = "TcpExtListenOverflows";

const OPEN: NotifiedIncident = {
  incident: {
    id: 1,
    dedupKey: "0123456789abcdef0123456789abcdef",
    status: "OPEN",
    severity: "CRITICAL",
    urgency: "PAGE",
    cause: "APPLICATION_STALLED",
    title: "An example, nothing is wrong: application accepts nothing on port 8080: web-1",
    labels: { role: "web" },
    flapping: true,
    startedAt: STARTED_AT,
    updatedAt: STARTED_AT + MINUTE_MS,
    judgedAt: STARTED_AT + MINUTE_MS,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    loss: LOSS,
    diagnosis: {
      cause: "APPLICATION_STALLED",
      contributing: ["MEMORY_PRESSURE"],
      severity: "CRITICAL",
      confidence: 0.92,
      summary: "The listener 0.0.0.0:8080 (nginx) accepts nothing: its process is stopped or blocked.",
      evidence: [
        { statement: "1,138 ListenOverflows in 60 s.", counter: COUNTER, listener: LISTENER, value: 1138 },
      ],
      remedies: ["See what the process does."],
    },
    inhibitedBy: null,
    useful: null,
    revision: 0,
  },
  firing: true,
  hostCount: 7,
  hosts: ["web-1", "web-2"],
  precededBy: { kind: "DEPLOY", title: "api v2", at: STARTED_AT - 4 * MINUTE_MS },
  trend: [0, 0, 0.4, 12.5, 25],
  url: `${ORIGIN}/incidents/1`,
  labelsAtFirst: { role: "web", cause: "APPLICATION_STALLED" },
};

const ACKNOWLEDGED: NotifiedIncident = {
  ...OPEN,
  incident: {
    ...OPEN.incident,
    status: "ACKNOWLEDGED",
    acknowledgedAt: STARTED_AT + MINUTE_MS,
    acknowledgedBy: "ada",
  },
};

/** Next to nothing is known of it. */
const RESOLVED: NotifiedIncident = {
  ...OPEN,
  incident: {
    ...OPEN.incident,
    id: 2,
    status: "RESOLVED",
    resolvedAt: STARTED_AT + 5 * MINUTE_MS,
    labels: {},
    loss: null,
    diagnosis: null,
  },
  firing: false,
  precededBy: null,
  trend: null,
};

export const EXAMPLE: Notification = {
  kind: "OPENED",
  idempotencyKey: "example-1",
  groupKey: "example",
  groupLabels: { role: "web", cause: "APPLICATION_STALLED" },
  digest: false,
  incidents: [OPEN],
  url: `${ORIGIN}/incidents`,
  at: STARTED_AT + 7 * MINUTE_MS,
};

export function samples(): Variables[] {
  const told: Partial<Notification>[] = [
    { kind: "OPENED", incidents: [OPEN] },
    { kind: "CHANGED", incidents: [OPEN, ACKNOWLEDGED, RESOLVED] },
    { kind: "ACKNOWLEDGED", incidents: [ACKNOWLEDGED] },
    { kind: "REMINDER", incidents: [OPEN] },
    { kind: "RESOLVED", incidents: [RESOLVED], groupLabels: {} },
    { kind: "TEST", incidents: [OPEN] },
  ];
  return told.map((one) => variablesOf({ ...EXAMPLE, ...one }));
}
