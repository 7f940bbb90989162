import type { IncidentSeen } from "../../../src/drill/events.ts";

/** An incident as a service tells it; what is given is otherwise. */
export function incidentSeen(more: Partial<IncidentSeen> = {}): IncidentSeen {
  return {
    id: "incident_3",
    title: "Application accepts nothing on port 8080: drill-web-1",
    status: "OPEN",
    severity: "CRITICAL",
    cause: "APPLICATION_STALLED",
    url: "http://127.0.0.1:4000/incidents/3",
    lossShare: 0.98,
    lossLow: 0.97,
    lossHigh: 1,
    diagnosis: {
      confidence: 0.8,
      summary: "The listener 0.0.0.0:8080 (drill-app) accepts nothing.",
      remedies: ["See what the process does."],
      evidence: [
        { statement: "The queue was full in 8 of 8 samples.", listener: null },
        {
          statement: "The listener is behind 97 % of the drops.",
          listener: { address: "0.0.0.0", port: 8080, owner: "drill-app" },
        },
      ],
    },
    ...more,
  };
}
