import type { Diagnosis } from "../diagnosis/diagnose.ts";
import { TABLE } from "../diagnosis/table.ts";
import type { CauseObservation, Whose } from "./episode.ts";

/** Share of handshakes lost from which an episode of loss begins; below half of it, it is calm. */
export const LOSS_ENTRY = 0.001;

const LOSES: ReadonlySet<string> = new Set(
  TABLE.filter(({ losesHandshakes }) => losesHandshakes === true).map(({ cause }) => cause),
);

/**
 * What a diagnosis is to the incident machine: one observation of its cause. Causes that contribute make no
 * incidents of their own; they are in the diagnosis of the first.
 *
 * @param lossEntry the role's own threshold
 */
export function observationOf(
  diagnosis: Diagnosis,
  whose: Whose & { readonly subject: string },
  lossEntry = LOSS_ENTRY,
): Omit<CauseObservation, "at"> {
  const { cause, severity, loss, listener } = diagnosis;
  const share = loss?.share ?? 0;
  // Drops that the estimate makes nothing of (other than of a full queue) are there all the same.
  const strength = LOSES.has(cause) && share > 0 ? share / lossEntry : 1;
  const port = LOSES.has(cause) ? (listener?.seen.port ?? null) : null;
  return { ...whose, cause, port, strength, severity };
}
