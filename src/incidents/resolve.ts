import { SpillwayError } from "../errors.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import { markResolved } from "../store/incidents/resolve.ts";
import { optionalNote } from "./text.ts";
import { onIncident, type VerbContext } from "./verb.ts";

/**
 * Says that an incident is over. If what it is about goes on, detection opens it again by newer data.
 *
 * @throws NOT_FOUND without such an incident, CONFLICT when it is resolved already
 */
export async function resolveIncident(
  context: VerbContext,
  id: number,
  note: string | null,
): Promise<IncidentRecord> {
  const text = optionalNote(note);
  return onIncident(context, id, async (tx, { resolvedAt }) => {
    if (resolvedAt !== null) {
      const since = new Date(resolvedAt).toISOString();
      throw new SpillwayError("CONFLICT", `incident ${id} is resolved already, since ${since}`);
    }
    await markResolved(tx, id, context.now, context.now);
    return { kind: "RESOLVED", text: text ?? "", action: "incident.resolve", details: { note: text } };
  });
}
