import { Link } from "wouter";
import { useData } from "../../client/use-data.ts";
import { useLive } from "../../client/use-live.ts";
import {
  FleetIncidentsDocument,
  IncidentChangesDocument,
  type IncidentFilter,
} from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { refreshMs } from "../../view/refresh.ts";
import { rangeInput } from "../../view/state.ts";
import { useView } from "../../view/use-view.ts";
import { IncidentList } from "../incidents/incident-list.tsx";

/** Incidents that are shown here; the list has all of them. */
const SHOWN_MAX = 20;

/**
 * What is not resolved; of a pinned range, what was not resolved in it. Nothing at all when there is none. One that
 * another explains, as a stalled application does the objective that burns by it, is on that one's page.
 */
export function FleetIncidents() {
  const { range, href } = useView();
  const filter: IncidentFilter =
    range.kind === "last" ? { status: ["OPEN", "ACKNOWLEDGED"] } : { range: rangeInput(range) };
  const data = useData(FleetIncidentsDocument, { filter }, { everyMs: refreshMs(range) });
  useLive(IncidentChangesDocument, {}, data.refresh, { pause: range.kind === "pinned" });
  const all = data.data?.incidents.edges.map(({ node }) => node) ?? [];
  const incidents = all.filter(({ inhibitedBy }) => inhibitedBy === null).slice(0, SHOWN_MAX);
  if (incidents.length === 0) return null;
  const advice = new Map(
    incidents.flatMap(({ id, diagnosis }) => {
      const [remedy] = diagnosis?.remedies ?? [];
      return remedy === undefined ? [] : [[id, remedy] as const];
    }),
  );
  return (
    <Card
      flush
      title={range.kind === "last" ? "Open incidents" : "Incidents in this range"}
      actions={<Link href={href("/incidents")}>All incidents</Link>}
    >
      <IncidentList incidents={incidents} advice={advice} />
    </Card>
  );
}
