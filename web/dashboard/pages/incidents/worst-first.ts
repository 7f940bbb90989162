/** Incidents by how grave they are. Pure. */
import type { Severity } from "../../generated/documents.ts";

const SEVERITIES: readonly Severity[] = ["CRITICAL", "MAJOR", "MINOR", "INFO"];

interface Grave {
  readonly severity: Severity;
  readonly lossShare: number | null;
}

/** The gravest first; of one severity, the one that loses most. */
export function worstFirst<T extends Grave>(incidents: readonly T[]): T[] {
  return [...incidents].sort(
    (one, other) =>
      SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
      (other.lossShare ?? 0) - (one.lossShare ?? 0),
  );
}

interface Advised {
  readonly id: string;
  readonly diagnosis: { readonly remedies: readonly string[] } | null;
}

/** What to do first, by the incident's id, where that is known. */
export function adviceOf(incidents: readonly Advised[]): ReadonlyMap<string, string> {
  return new Map(
    incidents.flatMap(({ id, diagnosis }) => {
      const [remedy] = diagnosis?.remedies ?? [];
      return remedy === undefined ? [] : [[id, remedy] as const];
    }),
  );
}
