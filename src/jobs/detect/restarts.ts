import { isDeepStrictEqual } from "node:util";
import { restartWords, type SeenRestart, seenRestarts } from "../../detect/diagnosis/restarts.ts";
import type { KnownEvent, NamespaceWindow } from "../../detect/diagnosis/window.ts";
import { suppressedBy } from "../../detect/episodes/suppression.ts";
import type { NewAnomaly } from "../../store/incidents/anomalies.ts";
import type { IncidentWriter } from "./incident-writer.ts";

/** A restart that goes on, or what it explains does. */
export interface KnownRestart extends SeenRestart {
  /** The anomaly that it is recorded by; null where a deploy that somebody recorded says it. */
  readonly anomaly: number | null;
}

/** What restarts are looked for in. */
export interface RestartInput {
  readonly window: NamespaceWindow;
  /** Connections that are reset in a minute when nothing is the matter. */
  readonly usualResets: number;
  readonly known: readonly KnownRestart[];
  /** It is the first cause now: what is new is a restart too. */
  readonly isCause: boolean;
  readonly events: readonly KnownEvent[];
  readonly hostId: number;
  readonly namespaceId: number;
  /** ms since 1970 */
  readonly at: number;
}

/**
 * Records the restarts of a namespace, each again when more is known of it, and makes them evidence of the incidents
 * of its host. @returns those that are to be remembered
 */
export async function recordRestarts(
  writer: Pick<IncidentWriter, "record" | "addEvidence">,
  { window, usualResets, known, isCause, events, hostId, namespaceId, at }: RestartInput,
): Promise<KnownRestart[]> {
  const all: KnownRestart[] = [];
  for (const seen of seenRestarts(window, usualResets, known)) {
    const before = known.find(({ from }) => from === seen.from);
    if (before === undefined && !isCause) continue;
    let anomaly = before?.anomaly ?? null;
    if (
      suppressedBy("RESTART", seen.from, events) === null &&
      !isDeepStrictEqual({ ...seen, anomaly }, before)
    ) {
      anomaly = await writer.record(anomalyOf(seen, { hostId, namespaceId }, at));
    }
    if (anomaly !== null) writer.addEvidence(hostId, anomaly);
    all.push({ ...seen, anomaly });
  }
  return all;
}

function anomalyOf(
  seen: SeenRestart,
  whose: Pick<NewAnomaly, "hostId" | "namespaceId">,
  judgedAt: number,
): NewAnomaly {
  return {
    ...whose,
    detector: "restart",
    counter: null,
    startedAt: seen.from,
    endedAt: seen.endedAt,
    severity: "INFO",
    value: seen.resets,
    expectedLow: 0,
    expectedHigh: 0,
    score: 0,
    explanation: restartWords(seen),
    judgedAt,
  };
}
