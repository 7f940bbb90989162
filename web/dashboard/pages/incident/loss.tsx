import { useMemo } from "react";
import { useData } from "../../client/use-data.ts";
import { formatShare } from "../../format/numbers.ts";
import { IncidentPlotsDocument } from "../../generated/documents.ts";
import { TimePlot } from "../../plots/time-plot.tsx";
import { Card } from "../../ui/card.tsx";
import { Loaded, Skeleton } from "../../ui/states.tsx";
import { useView } from "../../view/use-view.ts";
import { incidentMarks, incidentRange, incidentRefreshMs } from "./range.ts";
import type { OfIncident } from "./types.ts";

/** What clients felt of it, on its hosts. */
export function LossCard({ incident }: OfIncident) {
  const { zone } = useView();
  const data = useData(
    IncidentPlotsDocument,
    { id: incident.id, range: incidentRange(incident) },
    { everyMs: incidentRefreshMs(incident) },
  );
  const marks = useMemo(() => incidentMarks(incident), [incident]);
  return (
    <Card title="What clients felt" note="Share of new connections to its hosts that were lost or delayed">
      <Loaded data={data} skeleton={<Skeleton height={180} />}>
        {(answer) => {
          const [series] = answer.incident?.fleet.loss ?? [];
          if (series === undefined || series.values.every((value) => value === null)) {
            return <p className="row-note">Nothing is known of this time: no connection was counted.</p>;
          }
          return (
            <TimePlot
              label="Share of handshakes lost or delayed on the incident's hosts"
              start={series.start}
              step={series.step}
              series={[{ name: "Lost or delayed", values: series.values, color: 2, band: series }]}
              format={formatShare}
              zone={zone}
              marks={marks}
              height={180}
              syncKey="incident"
            />
          );
        }}
      </Loaded>
    </Card>
  );
}
