import { SpillwayError } from "../errors.ts";
import { markAcknowledged } from "../store/incidents/change.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import { optionalNote } from "./text.ts";
import { onIncident, type VerbContext } from "./verb.ts";

/**
 * Says that somebody has taken an open incident on.
 *
 * @throws NOT_FOUND without such an incident, CONFLICT when it is not open
 */
export async function acknowledgeIncident(
  context: VerbContext,
  id: number,
  note: string | null,
): Promise<IncidentRecord> {
  const text = optionalNote(note);
  return onIncident(context, id, async (tx, { status, acknowledgedBy }) => {
    if (status === "RESOLVED") throw new SpillwayError("CONFLICT", `incident ${id} is resolved`);
    if (status === "ACKNOWLEDGED") {
      throw new SpillwayError("CONFLICT", `incident ${id} is acknowledged already, by ${acknowledgedBy}`);
    }
    await markAcknowledged(tx, id, context.actor.name, context.now);
    return {
      kind: "ACKNOWLEDGED",
      text: text ?? "",
      action: "incident.acknowledge",
      details: { note: text },
    };
  });
}
