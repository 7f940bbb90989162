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
  /** How many of them, about; null where it is not known. */
  readonly lost: number | null;
  /** The share from which it pages: the role's own. */
  readonly pageShare: number;
  /** What the burn of the role's objective asks for; null when nothing burns. */
  readonly burn: "PAGE" | "TICKET" | null;
}

/** A tenth of handshakes: clients are refused, and every one of them notices. */
export const PAGE_SHARE = 0.1;
/**
 * Of fewer no share wakes anybody: a single client that tries again and again, on a host where nobody else comes, has
 * lost all of its handshakes.
 */
const PAGE_LOST_MIN = 5;
const TICKET_CAUSES: ReadonlySet<Cause> = new Set(["CONNECTION_LEAK", "PORT_EXHAUSTION", "PATH_LOSS"]);

/**
 * Only what is measured pages: a tenth of handshakes lost, unless that is a client or two, the objective burning fast, a
 * port that nothing listens on, a fifth of a fleet silent at once. What a detector finds unusual is evidence.
 */
export function urgencyOf(input: UrgencyInput): Urgency {
  const { cause, scope, flapping, share, lost, pageShare, burn } = input;
  const isCommonSilence = cause === "HOST_SILENT" && scope.of === ALL_HOSTS;
  if (isCommonSilence || cause === "SERVICE_DOWN") return "PAGE";
  // What cannot be trusted says nothing of handshakes either.
  if (cause === "DATA_PROBLEM") return flapping ? "TICKET" : "NOTE";
  const isLarge = (share ?? 0) >= pageShare;
  if (burn === "PAGE" || (isLarge && (lost ?? PAGE_LOST_MIN) >= PAGE_LOST_MIN)) return "PAGE";
  if (burn === "TICKET" || isLarge || flapping || TICKET_CAUSES.has(cause)) return "TICKET";
  return "NOTE";
}
