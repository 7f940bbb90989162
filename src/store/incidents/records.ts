/** What the tables of incidents hold, as the rest of the service sees it. Times are ms since 1970. */
import {
  Cause,
  DeliveryKind,
  DeliveryStatus,
  type Incident as IncidentRow,
  IncidentStatus,
  Severity,
  TimelineKind,
  Urgency,
} from "../../generated/prisma/client.ts";
import type { Labels } from "../labels/effective.ts";

export type { Cause, DeliveryKind, DeliveryStatus, IncidentStatus, Severity, TimelineKind, Urgency };

/** The least first. */
export const SEVERITIES: readonly Severity[] = Object.values(Severity);
/** The quietest first. */
export const URGENCIES: readonly Urgency[] = Object.values(Urgency);
export const CAUSES: readonly Cause[] = Object.values(Cause);
export const INCIDENT_STATUSES: readonly IncidentStatus[] = Object.values(IncidentStatus);
export const TIMELINE_KINDS: readonly TimelineKind[] = Object.values(TimelineKind);
export const DELIVERY_KINDS: readonly DeliveryKind[] = Object.values(DeliveryKind);
export const DELIVERY_STATUSES: readonly DeliveryStatus[] = Object.values(DeliveryStatus);

/** A fact that speaks for a diagnosis. */
export interface Evidence {
  /** A sentence with the numbers in it. */
  readonly statement: string;
  /** Full name of the counter it was read from; null where it is not about one. */
  readonly counter: string | null;
  /** The socket it is about, as it is named while it is open; null where it is not about one. */
  readonly listener: {
    readonly namespaceId: number;
    readonly inode: string;
    readonly address: string;
    readonly port: number;
  } | null;
  readonly value: number | null;
}

/** The cause that fits best, and what speaks for it. */
export interface Diagnosis {
  readonly cause: Cause;
  readonly contributing: readonly Cause[];
  readonly severity: Severity;
  /** 0 to 1 */
  readonly confidence: number;
  readonly summary: string;
  readonly evidence: readonly Evidence[];
  readonly remedies: readonly string[];
}

/** Share of new connections lost or delayed, 0 to 1, with its range. */
export interface LossShare {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}

export interface IncidentRecord {
  readonly id: number;
  readonly dedupKey: string;
  readonly status: IncidentStatus;
  readonly severity: Severity;
  /** How loudly people are told: the loudest since it was opened last. */
  readonly urgency: Urgency;
  readonly cause: Cause;
  readonly title: string;
  readonly labels: Labels;
  readonly flapping: boolean;
  readonly startedAt: number;
  readonly updatedAt: number;
  /** The time of the newest data that detection judged it by. */
  readonly judgedAt: number;
  readonly acknowledgedAt: number | null;
  readonly acknowledgedBy: string | null;
  readonly resolvedAt: number | null;
  /** Null where no loss was estimated. */
  readonly loss: LossShare | null;
  readonly diagnosis: Diagnosis | null;
  /**
   * Id of the incident that explains this one, so that nobody need be told of it; null where none does. Of one that is
   * resolved: that which explained it then.
   */
  readonly inhibitedBy: number | null;
  /** What a person said of it; null before anyone did. */
  readonly useful: boolean | null;
  /** Grows with each change. */
  readonly revision: number;
}

export function toIncident(row: IncidentRow): IncidentRecord {
  const { labels, diagnosis, lossShare, lossLow, lossHigh, ...same } = row;
  return {
    ...same,
    labels: labels as Labels,
    startedAt: row.startedAt.getTime(),
    updatedAt: row.updatedAt.getTime(),
    judgedAt: row.judgedAt.getTime(),
    acknowledgedAt: row.acknowledgedAt?.getTime() ?? null,
    resolvedAt: row.resolvedAt?.getTime() ?? null,
    loss:
      lossShare === null
        ? null
        : { share: lossShare, low: lossLow ?? lossShare, high: lossHigh ?? lossShare },
    diagnosis: diagnosis as Diagnosis | null,
  };
}
