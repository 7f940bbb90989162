import { plural } from "../../format/numbers.ts";
import { formatTime } from "../../format/times.ts";
import { sentence } from "../../format/words.ts";
import { Badge, type Tone } from "../../ui/badges.tsx";
import { Card } from "../../ui/card.tsx";
import { useView } from "../../view/use-view.ts";
import type { IncidentDetails, OfIncident } from "./types.ts";

type Delivery = IncidentDetails["deliveries"]["edges"][number]["node"];

const TONES: Readonly<Record<Delivery["status"], Tone>> = {
  DELIVERED: "good",
  FAILED: "critical",
  PENDING: "minor",
};

/** Who was told, what holds notifications back, and what the far ends answered. */
export function Deliveries({ incident }: OfIncident) {
  const { zone } = useView();
  const deliveries = incident.deliveries.edges.map(({ node }) => node);
  return (
    <Card title="Notifications">
      {incident.silences.map(({ id, comment, createdBy, until }) => (
        <p key={id} className="silenced">
          Held back by a silence of {createdBy}
          {until !== null && ` until ${formatTime(Date.parse(until), zone)}`}: {comment}
        </p>
      ))}
      {deliveries.length === 0 && <p className="row-note">Nobody was notified.</p>}
      <ul className="lines">
        {deliveries.map(({ id, receiver, kind, status, createdAt, lastStatus, lastAnswer, attempts }) => (
          <li key={id}>
            <span>
              <strong>{receiver}</strong> {sentence(kind).toLowerCase()}
              <span className="row-note">
                {" "}
                {formatTime(Date.parse(createdAt), zone)}, {plural(attempts, "attempt")}
                {lastStatus !== null && `, answered ${lastStatus}`}
                {status !== "DELIVERED" && lastAnswer !== null && `: ${lastAnswer}`}
              </span>
            </span>
            <Badge tone={TONES[status]}>{sentence(status)}</Badge>
          </li>
        ))}
      </ul>
    </Card>
  );
}
