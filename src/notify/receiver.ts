/**
 * The seam between the stages, which decide what is told to whom and when, and the receivers, which know how one kind
 * of far end is spoken to.
 */
import type { DeliveryKind, IncidentRecord } from "../store/incidents/records.ts";
import type { Labels } from "../store/labels/effective.ts";

/** An incident as a notification tells of it. Times in ms since 1970. */
export interface NotifiedIncident {
  readonly incident: IncidentRecord;
  /** Whether it goes on; one that is resolved is told once more, and then no longer. */
  readonly firing: boolean;
  readonly hostCount: number;
  /** Some of its hosts, those still affected first. */
  readonly hosts: readonly string[];
  /** The deploy, reboot or other event that preceded it; null where there was none. */
  readonly precededBy: { readonly kind: string; readonly title: string; readonly at: number } | null;
  /** Overflows a second of its hosts in equal steps, the oldest first, for a small plot; null where nothing is known. */
  readonly trend: readonly number[] | null;
  /** Page of the incident. */
  readonly url: string;
  /**
   * The labels that its hosts had in common, and `cause`, when this receiver was first told of it: far ends that know an
   * alert by its labels would take it for another one when these change.
   */
  readonly labelsAtFirst: Labels;
}

/** What one delivery tells: the incidents of one group. */
export interface Notification {
  readonly kind: DeliveryKind;
  /** The same on every attempt at this delivery, and of no other delivery. */
  readonly idempotencyKey: string;
  /** The same from a group's first notification to the one that resolves it: how a far end knows them for one. */
  readonly groupKey: string;
  /** The labels by which it was grouped. */
  readonly groupLabels: Labels;
  /** Whether it tells together what was too much to be told one by one. */
  readonly digest: boolean;
  /** At least one, unless the kind is TEST. Those that go on first, the worst of these first. */
  readonly incidents: readonly NotifiedIncident[];
  /** Page that shows them all. */
  readonly url: string;
  /** When this attempt is made. */
  readonly at: number;
}

/** What came of an attempt. */
export type Outcome = (
  | { readonly delivered: true; readonly status: number | null; readonly answer: string }
  | {
      readonly delivered: false;
      /** HTTP or SMTP status; null when nobody answered. */
      readonly status: number | null;
      /** What was answered, or why nothing was. */
      readonly answer: string;
      /** Whether trying again can help. */
      readonly retry: boolean;
      /** How long the far end asks to be left alone, ms; null when it did not say. */
      readonly retryAfterMs: number | null;
      /** The far end wants nothing more, as by 410: the receiver is disabled until its configuration changes. */
      readonly disable?: true;
    }
) & {
  /** What is wrong with a template of the receiver, instead of whose text the built-in one was sent. */
  readonly templateFault?: string;
};

export type ReceiverKind = "ALERTMANAGER" | "PAGERDUTY" | "SLACK" | "WEBHOOK" | "EMAIL";

export interface Receiver {
  readonly name: string;
  readonly kind: ReceiverKind;
  /** Host, address or channel that it sends to, without secrets. */
  readonly target: string;
  /**
   * Makes one attempt. What the far end does is an outcome and never thrown.
   *
   * @param signal ends the attempt
   */
  send(notification: Notification, signal: AbortSignal): Promise<Outcome>;
}
