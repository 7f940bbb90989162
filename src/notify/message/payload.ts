/** The message for programs: the payload of a webhook. */
import type { Labels } from "../../store/labels/effective.ts";
import type { Notification, NotifiedIncident } from "../receiver.ts";
import { oneLine, wellFormed } from "./clean.ts";
import { stateOf } from "./facts.ts";

export interface Payload {
  /** `incident.opened`, `.changed`, `.acknowledged`, `.resolved`, `.reminder`; `receiver.test`. */
  readonly type: string;
  /** When it happened, RFC 3339. */
  readonly timestamp: string;
  readonly data: PayloadData;
}

interface PayloadData {
  /** The same until the group is resolved. */
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly url: string;
  readonly incidentCount: number;
  /** The worst first, whole; others shorter or left out, as far as there is room. */
  readonly incidents: readonly object[];
  /** Of the receiver's template; left out where it has none. */
  readonly message?: string;
  /** What was cut, in words; left out where all is there. */
  readonly note?: string;
}

/** Standard Webhooks wants payloads below 20 kB. */
const BYTES_MAX = 19_999;
/** Of a message of the receiver's own, so that an incident has room beside it however it is encoded. */
const MESSAGE_LENGTH = 2_000;

/** How many are whole and how many brief, from the most that can fit to what always does. */
const SIZES: readonly (readonly [whole: number, brief: number])[] = [
  [20, Number.POSITIVE_INFINITY],
  [5, Number.POSITIVE_INFINITY],
  [1, Number.POSITIVE_INFINITY],
  [1, 40],
  [1, 10],
  [1, 0],
  [0, 1],
];

/** @param message a text of the receiver's own beside the incidents */
export function payloadOf(notification: Notification, message?: string): Payload {
  const text = message === undefined ? undefined : wellFormed(message.slice(0, MESSAGE_LENGTH));
  let payload = sized(notification, [0, 0], text);
  for (const size of SIZES) {
    payload = sized(notification, size, text);
    if (Buffer.byteLength(JSON.stringify(payload)) <= BYTES_MAX) break;
  }
  return payload;
}

function sized(
  notification: Notification,
  [whole, brief]: readonly [number, number],
  message: string | undefined,
): Payload {
  const { kind, incidents, groupKey, groupLabels, url } = notification;
  const first = incidents.slice(0, whole);
  const others = incidents.slice(first.length, first.length + brief);
  const omitted = incidents.length - first.length - others.length;
  const note = [
    ...(others.length > 0 ? [`${others.length} incidents are told briefly`] : []),
    ...(omitted > 0 ? [`${omitted} incidents are left out`] : []),
  ].join(" and ");
  return {
    type: kind === "TEST" ? "receiver.test" : `incident.${kind.toLowerCase()}`,
    timestamp: isoTime(happenedAt(notification)),
    data: {
      groupKey: oneLine(groupKey, 500),
      groupLabels: bounded(groupLabels, 10, 100),
      url,
      incidentCount: incidents.length,
      ...(message === undefined ? {} : { message }),
      incidents: [...first.map(wholeOf), ...others.map(briefOf)],
      ...(note === "" ? {} : { note: `${note} to stay below 20 kB: see url` }),
    },
  };
}

/** When the newest of what is told happened: not when it is told, which is another time on each attempt. */
function happenedAt({ incidents, at }: Notification): number {
  return incidents.length === 0 ? at : Math.max(...incidents.map(({ incident }) => incident.updatedAt));
}

function briefOf(notified: NotifiedIncident) {
  const { incident, url } = notified;
  return {
    id: `incident_${incident.id}`,
    dedupKey: incident.dedupKey,
    state: stateOf(notified),
    severity: incident.severity,
    cause: incident.cause,
    title: oneLine(incident.title, 300),
    startedAt: isoTime(incident.startedAt),
    resolvedAt: incident.resolvedAt === null ? null : isoTime(incident.resolvedAt),
    url,
  };
}

function wholeOf(notified: NotifiedIncident) {
  const { incident, hosts, hostCount, precededBy } = notified;
  const { diagnosis, loss, acknowledgedBy, flapping } = incident;
  return {
    ...briefOf(notified),
    labels: bounded(incident.labels, 20, 200),
    acknowledgedBy: acknowledgedBy === null ? null : oneLine(acknowledgedBy, 120),
    flapping,
    loss: loss === null ? null : { share: loss.share, low: loss.low, high: loss.high },
    hostCount,
    hosts: hosts.slice(0, 20).map((host) => oneLine(host, 120)),
    precededBy:
      precededBy === null
        ? null
        : {
            kind: oneLine(precededBy.kind, 40),
            title: oneLine(precededBy.title, 300),
            at: isoTime(precededBy.at),
          },
    diagnosis:
      diagnosis === null
        ? null
        : {
            summary: oneLine(diagnosis.summary, 800),
            confidence: diagnosis.confidence,
            contributing: diagnosis.contributing,
            evidence: diagnosis.evidence.slice(0, 10).map(({ statement, counter, listener }) => ({
              statement: oneLine(statement, 400),
              counter,
              listener:
                listener === null ? null : { address: oneLine(listener.address, 60), port: listener.port },
            })),
            remedies: diagnosis.remedies.slice(0, 6).map((remedy) => oneLine(remedy, 400)),
          },
  };
}

function bounded(labels: Labels, count: number, length: number): Labels {
  const kept = Object.entries(labels).slice(0, count);
  return Object.fromEntries(kept.map(([name, value]) => [oneLine(name, 100), oneLine(value, length)]));
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
