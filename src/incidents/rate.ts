import { markRated } from "../store/incidents/change.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import { onIncident, type VerbContext } from "./verb.ts";

/**
 * Says whether an incident was useful to hear of, or noise. The same again changes nothing; another opinion
 * replaces it.
 *
 * @throws NOT_FOUND without such an incident
 */
export function rateIncident(context: VerbContext, id: number, useful: boolean): Promise<IncidentRecord> {
  return onIncident(context, id, async (tx, incident) => {
    if (incident.useful === useful) return null;
    await markRated(tx, id, useful, context.now);
    return {
      kind: "RATED",
      text: useful ? "useful" : "noise",
      action: "incident.rate",
      details: { useful },
    };
  });
}
