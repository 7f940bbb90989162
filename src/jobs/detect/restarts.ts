import { isDeepStrictEqual } from "node:util";
import { restartFlag, type SeenRestart } from "../../detect/diagnosis/restart-flag.ts";
import type { NamespaceWindow } from "../../detect/diagnosis/window.ts";
import type { NewAnomaly } from "../../store/incidents/anomalies.ts";

/** A restart in a window, and what was known of it from the windows before. */
export interface RestartInWindow {
  readonly window: NamespaceWindow;
  readonly restart: SeenRestart;
  readonly known: SeenRestart | null;
}

/** What is to be recorded of a restart. @returns null where nothing more is known of it than before */
export function restartAnomaly(
  { window, restart, known }: RestartInWindow,
  whose: Pick<NewAnomaly, "hostId" | "namespaceId">,
  judgedAt: number,
): NewAnomaly | null {
  if (isDeepStrictEqual(restart, known)) return null;
  const flag = restartFlag(window, restart);
  if (flag === null) return null;
  return {
    ...whose,
    detector: flag.detector,
    counter: null,
    startedAt: flag.from,
    endedAt: flag.to,
    severity: "INFO",
    value: flag.observed,
    expectedLow: flag.low,
    expectedHigh: flag.high,
    score: flag.z,
    explanation: flag.text,
    judgedAt,
  };
}
