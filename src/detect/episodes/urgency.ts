import type { Cause } from "../diagnosis/cause.ts";
import { ALL_HOSTS } from "./grouping.ts";
import type { Scope } from "./key.ts";

/** How loudly people are told: woken up, given something to do in the day, or shown it on the timeline. */
export type Urgency = "PAGE" | "TICKET" | "NOTE";

export interface UrgencyInput {
  readonly cause: Cause;
  readonly scope: Scope;
  readonly flapping: boolean;
  /** Share of handshakes lost or delayed now; null where none was attempted. */
  readonly share: number | null;
  /** What the burn of the role's objective asks for; null when nothing burns. */
  readonly burn: "PAGE" | "TICKET" | null;
}

const PAGE_SHARE = 0.1;
const TICKET_CAUSES: ReadonlySet<Cause> = new Set(["CONNECTION_LEAK", "PORT_EXHAUSTION", "PATH_LOSS"]);

/**
 * Only what is measured pages: a tenth of handshakes lost, the objective burning fast, a port that nothing listens
 * on, the service's own ingest down. What a detector finds unusual is evidence.
 */
export function urgencyOf({ cause, scope, flapping, share, burn }: UrgencyInput): Urgency {
  const isIngestDown = cause === "HOST_SILENT" && scope.of === ALL_HOSTS;
  if (isIngestDown || cause === "SERVICE_DOWN") return "PAGE";
  if (burn === "PAGE" || (share ?? 0) >= PAGE_SHARE) return "PAGE";
  if (burn === "TICKET" || flapping || TICKET_CAUSES.has(cause)) return "TICKET";
  return "NOTE";
}
