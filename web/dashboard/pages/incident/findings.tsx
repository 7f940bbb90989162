import { Link } from "wouter";
import { formatTime } from "../../format/times.ts";
import { shortCounter } from "../../format/words.ts";
import { SeverityBadge } from "../../ui/badges.tsx";
import { Card } from "../../ui/card.tsx";
import { Table } from "../../ui/table.tsx";
import { useView } from "../../view/use-view.ts";
import type { OfIncident } from "./types.ts";

/** What detectors found that became this incident. */
export function Findings({ incident }: OfIncident) {
  const { href, zone } = useView();
  const rows = incident.anomalies.edges.map(({ node }) => node);
  if (rows.length === 0) return null;
  return (
    <Card flush title="Findings" note="What detectors saw, the newest first">
      <Table
        caption="Findings of detectors"
        rows={rows}
        rowKey={({ id }) => id}
        columns={[
          {
            key: "host",
            head: "Host",
            cell: ({ host }) => (
              <Link className="row-name" href={href(`/hosts/${host.id}`)}>
                {host.name}
              </Link>
            ),
          },
          {
            key: "what",
            head: "What",
            grow: true,
            cell: ({ explanation, counter, detector }) => (
              <>
                {explanation}
                <span className="row-note">
                  {" "}
                  {counter === null ? detector : `${detector}, ${shortCounter(counter.name)}`}
                </span>
              </>
            ),
          },
          {
            key: "since",
            head: "Since",
            wide: true,
            cell: ({ startedAt, endedAt }) => (
              <span className="nowrap">
                {formatTime(Date.parse(startedAt), zone)}
                <span className="row-note">{endedAt === null ? " lasts" : " ended"}</span>
              </span>
            ),
          },
          {
            key: "severity",
            head: "Severity",
            wide: true,
            cell: ({ severity }) => <SeverityBadge severity={severity} />,
          },
        ]}
      />
    </Card>
  );
}
