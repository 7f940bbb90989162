/** Incidents as records, for tests of what is pure. */
import type { IncidentRecord } from "../../src/store/incidents/records.ts";
import { T0 } from "./incidents.ts";

export function incidentRecord(said: Partial<IncidentRecord> = {}): IncidentRecord {
  return {
    id: 1,
    dedupKey: "web slow",
    status: "OPEN",
    severity: "MAJOR",
    urgency: "PAGE",
    cause: "APPLICATION_SLOW",
    title: "nginx on web accepts too slowly",
    labels: { role: "web" },
    flapping: false,
    startedAt: T0,
    updatedAt: T0,
    judgedAt: T0,
    acknowledgedAt: null,
    acknowledgedBy: null,
    resolvedAt: null,
    loss: null,
    diagnosis: null,
    inhibitedBy: null,
    useful: null,
    revision: 0,
    ...said,
  };
}
