import { Link } from "wouter";
import { formatCount } from "../../format/numbers.ts";
import { HostStatusBadge } from "../../ui/badges.tsx";
import { Card } from "../../ui/card.tsx";
import { useView } from "../../view/use-view.ts";
import type { OfIncident } from "./types.ts";

/** Whom it is about. */
export function HostsCard({ incident }: OfIncident) {
  const { href } = useView();
  const { edges } = incident.hosts;
  const more = incident.hostCount - edges.length;
  return (
    <Card title="Hosts" note={formatCount(incident.hostCount)}>
      <ul className="lines">
        {edges.map(({ node: { id, name, status } }) => (
          <li key={id}>
            <Link className="row-name" href={href(`/hosts/${id}`)}>
              {name}
            </Link>
            <HostStatusBadge status={status} />
          </li>
        ))}
      </ul>
      {more > 0 && <p className="row-note">and {formatCount(more)} more, or forgotten since</p>}
    </Card>
  );
}
