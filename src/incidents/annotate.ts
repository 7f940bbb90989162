import { markAnnotated } from "../store/incidents/change.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import { requireText } from "./text.ts";
import { onIncident, type VerbContext } from "./verb.ts";

/**
 * Writes a note into the timeline of an incident, resolved ones too.
 *
 * @throws NOT_FOUND without such an incident, BAD_REQUEST for a note that is empty or too long
 */
export async function annotateIncident(
  context: VerbContext,
  id: number,
  note: string,
): Promise<IncidentRecord> {
  const text = requireText("note", note);
  return onIncident(context, id, async (tx) => {
    await markAnnotated(tx, id, context.now);
    return { kind: "NOTE", text, action: "incident.annotate", details: { note: text } };
  });
}
