import type { Cause } from "../diagnosis/cause.ts";
import type { Diagnosis } from "../diagnosis/diagnose.ts";
import { TABLE } from "../diagnosis/table.ts";
import type { CauseObservation, Whose } from "./episode.ts";
import { entryOf } from "./policy.ts";

/** Share of handshakes lost from which an episode of loss begins; below half of it, it is calm. */
export const LOSS_ENTRY = 0.001;

const LOSES: ReadonlySet<string> = new Set(
  TABLE.filter(({ losesHandshakes }) => losesHandshakes === true).map(({ cause }) => cause),
);

/** Causes that are of one listener. Others are of the host, whatever queue is the longest at the moment. */
const OF_LISTENER: ReadonlySet<Cause> = new Set([
  "APPLICATION_STALLED",
  "APPLICATION_SLOW",
  "ACCEPT_QUEUE_TOO_SMALL",
  "SYN_QUEUE_FULL",
]);

/** The newest interval of the window that a diagnosis was made from. */
export interface NewestInterval {
  /** Share of handshakes lost or delayed in it; null where none was attempted. */
  readonly share: number | null;
  /** It is the last of a minute. */
  readonly closesMinute: boolean;
}

/**
 * What a diagnosis is to the incident machine: one observation of its cause. Causes that contribute make no
 * incidents of their own; they are in the diagnosis of the first.
 *
 * A diagnosis is made of a minute, and a moment's fault fits six of them that overlap. So loss is observed by what
 * the newest interval lost, and other causes once a minute, unless once is enough.
 *
 * @param lossEntry the role's own threshold
 */
export function observationOf(
  diagnosis: Diagnosis,
  whose: Whose & { readonly subject: string },
  newest: NewestInterval,
  lossEntry = LOSS_ENTRY,
): Omit<CauseObservation, "at"> {
  const { cause, severity, listener } = diagnosis;
  const isLoss = LOSES.has(cause);
  const port = OF_LISTENER.has(cause) ? (listener?.seen.port ?? null) : null;
  const isNow = newest.closesMinute || entryOf(cause).hits === 1;
  // Drops that the estimate makes nothing of (other than of a full queue) are there all the same.
  const isEstimated = isLoss && (diagnosis.loss?.share ?? 0) > 0;
  const strength = isEstimated ? (newest.share ?? 0) / lossEntry : isNow ? 1 : null;
  return { ...whose, cause, port, strength, severity };
}
