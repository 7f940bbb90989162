import type { IncidentQuery } from "../../generated/documents.ts";

/** An incident as this page asks for it. */
export type IncidentDetails = NonNullable<IncidentQuery["incident"]>;
export type Evidence = NonNullable<IncidentDetails["diagnosis"]>["evidence"][number];

export interface OfIncident {
  readonly incident: IncidentDetails;
}
