import { Link } from "wouter";
import { useData } from "../../client/use-data.ts";
import { useLive } from "../../client/use-live.ts";
import {
  FleetIncidentsDocument,
  IncidentChangesDocument,
  type IncidentFilter,
  type Severity,
} from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Fold } from "../../ui/fold.tsx";
import { ErrorState } from "../../ui/states.tsx";
import { refreshMs } from "../../view/refresh.ts";
import { rangeInput } from "../../view/state.ts";
import { useView } from "../../view/use-view.ts";
import { IncidentList } from "../incidents/incident-list.tsx";

/** Incidents that are shown until somebody asks for the rest, so that the plots are not out of sight. */
const SHOWN = 4;
const SEVERITIES: readonly Severity[] = ["CRITICAL", "MAJOR", "MINOR", "INFO"];

/**
 * What is not resolved, the worst first; of a pinned range, what was not resolved in it. Nothing at all when there is
 * none. One that another explains, as a stalled application does the objective that burns by it, is on that one's page.
 */
export function FleetIncidents() {
  const { range, href } = useView();
  const filter: IncidentFilter =
    range.kind === "last" ? { status: ["OPEN", "ACKNOWLEDGED"] } : { range: rangeInput(range) };
  const data = useData(FleetIncidentsDocument, { filter }, { everyMs: refreshMs(range) });
  useLive(IncidentChangesDocument, {}, data.refresh, { pause: range.kind === "pinned" });
  const all = data.data?.incidents.edges.map(({ node }) => node) ?? [];
  const incidents = all
    .filter(({ inhibitedBy }) => inhibitedBy === null)
    .sort(
      (one, other) =>
        SEVERITIES.indexOf(one.severity) - SEVERITIES.indexOf(other.severity) ||
        (other.lossShare ?? 0) - (one.lossShare ?? 0),
    );
  if (data.data === null && data.error !== null) {
    return (
      <Card title="Incidents">
        <ErrorState error={data.error} retry={data.refresh} />
      </Card>
    );
  }
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
      <Fold items={incidents} first={SHOWN}>
        {(shown) => <IncidentList incidents={shown} advice={advice} />}
      </Fold>
    </Card>
  );
}
