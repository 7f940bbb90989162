/** Where an incident is shown: the path that notifications link to. @param id of the API, incident_12 */
export function incidentPath(id: string): string {
  return `/incidents/${id.replace(/^incident_/, "")}`;
}
