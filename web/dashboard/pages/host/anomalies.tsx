import { Link } from "wouter";
import { formatTime } from "../../format/times.ts";
import { SeverityBadge } from "../../ui/badges.tsx";
import { Card } from "../../ui/card.tsx";
import { Empty } from "../../ui/states.tsx";
import { useView } from "../../view/use-view.ts";
import { incidentPath } from "../incidents/incident-path.ts";
import type { OfHost } from "./types.ts";

/** What detectors found on it in the range. */
export function HostAnomalies({ host }: OfHost) {
  const { href, zone } = useView();
  const { edges } = host.anomalies;
  return (
    <Card title="Findings" note="Of the detectors, in the range">
      {edges.length === 0 ? (
        <Empty title="Nothing unusual was found" />
      ) : (
        <ul className="evidence">
          {edges.map(({ node: { id, explanation, severity, startedAt, endedAt, incident } }) => (
            <li key={id}>
              <p>{explanation}</p>
              <p className="row-note">
                <SeverityBadge severity={severity} /> {formatTime(Date.parse(startedAt), zone)}
                {endedAt === null ? ", lasts" : ` – ${formatTime(Date.parse(endedAt), zone)}`}
                {incident !== null && (
                  <>
                    {", in "}
                    <Link href={href(incidentPath(incident.id))}>{incident.title}</Link>
                  </>
                )}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
