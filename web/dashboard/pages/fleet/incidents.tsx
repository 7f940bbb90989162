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
import { Loaded } from "../../ui/states.tsx";
import { refreshMs } from "../../view/refresh.ts";
import { rangeInput } from "../../view/state.ts";
import { useView } from "../../view/use-view.ts";
import { IncidentList } from "../incidents/incident-list.tsx";
import { adviceOf, worstFirst } from "../incidents/worst-first.ts";

/** Incidents that are shown until somebody asks for the rest, so that the plots are not out of sight. */
const SHOWN = 4;

/**
 * What is not resolved, the worst first; of a pinned range, what was not resolved in it. Nothing at all when there is
 * none. One that another explains, as a stalled application does the objective that burns by it, is among all incidents.
 */
export function FleetIncidents() {
  const { range, href } = useView();
  const filterOf = (severity: readonly Severity[]): IncidentFilter =>
    range.kind === "last"
      ? { severity, status: ["OPEN", "ACKNOWLEDGED"] }
      : { severity, range: rangeInput(range) };
  const data = useData(
    FleetIncidentsDocument,
    { critical: filterOf(["CRITICAL"]), major: filterOf(["MAJOR"]), others: filterOf(["MINOR", "INFO"]) },
    { everyMs: refreshMs(range) },
  );
  useLive(IncidentChangesDocument, {}, data.refresh, { pause: range.kind === "pinned" });
  const pages = data.data === null ? [] : [data.data.critical, data.data.major, data.data.others];
  const incidents = worstFirst(
    pages
      .flatMap(({ edges }) => edges.map(({ node }) => node))
      .filter(({ inhibitedBy }) => inhibitedBy === null),
  );
  const more = pages.some(({ pageInfo }) => pageInfo.hasNextPage);
  if (incidents.length === 0 && !more && data.error === null) return null;
  return (
    <Card
      flush
      title={range.kind === "last" ? "Open incidents" : "Incidents in this range"}
      actions={<Link href={href("/incidents")}>All incidents</Link>}
    >
      <Loaded data={data}>
        {() => (
          <>
            <Fold items={incidents} first={SHOWN}>
              {(shown) => <IncidentList incidents={shown} advice={adviceOf(incidents)} />}
            </Fold>
            {more && <p className="more row-note">There are more, of each severity the older ones.</p>}
          </>
        )}
      </Loaded>
    </Card>
  );
}
