import type { Cause } from "../diagnosis/cause.ts";
import type { KnownEvent } from "../diagnosis/window.ts";

/** What a deploy or an announced reboot explains, for this long after it began. */
const ANNOUNCED_MS = 300_000;
/** A maintenance window whose end nobody told, of an earlier release: what is recorded now has one. */
const ENDLESS_MS = 900_000;
const ANNOUNCED_CAUSES: ReadonlySet<Cause> = new Set([
  "RESTART",
  "SERVICE_DOWN",
  "HOST_SILENT",
  "CLIENT_ABORTS",
  "UNKNOWN",
]);

/**
 * The event that holds back a cause on a subject, so that its observations say nothing (`strength: null`); null
 * when none does. A maintenance window holds back everything but data problems, which are our own. A deploy or a
 * reboot that was recorded holds back what it brings about for five minutes, or until it is said to be over.
 *
 * @param events those whose matchers fit the subject
 */
export function suppressedBy(cause: Cause, at: number, events: readonly KnownEvent[]): KnownEvent | null {
  return (
    events.find((event) => {
      if (at < event.at || (event.until !== null && at >= event.until)) return false;
      if (event.kind === "maintenance") {
        const lasts = event.until !== null || at - event.at < ENDLESS_MS;
        return lasts && cause !== "DATA_PROBLEM";
      }
      if (event.kind !== "deploy" && event.kind !== "reboot") return false;
      const lasts = event.until !== null || at - event.at < ANNOUNCED_MS;
      return lasts && ANNOUNCED_CAUSES.has(cause);
    }) ?? null
  );
}
