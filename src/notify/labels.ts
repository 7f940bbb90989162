import { matchedLabels } from "../incidents/silence-matching.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import type { Labels } from "../store/labels/effective.ts";

/**
 * What matchers and `group_by` of routes see of an incident: what silences see (its labels, `cause`, `severity`), and
 * above that `urgency`, `incident` (its id) and `role`, the value of the first label that says what hosts do.
 */
export function routedLabels(incident: IncidentRecord, roleLabels: readonly string[]): Labels {
  const { id, labels, urgency } = incident;
  const role = roleLabels.find((name) => Object.hasOwn(labels, name) && labels[name] !== "");
  return {
    ...matchedLabels(incident),
    ...(role === undefined ? {} : { role: labels[role] ?? "" }),
    urgency,
    incident: String(id),
  };
}
