import "../incidents/incidents.css";
import "./incident.css";
import { Link, useParams } from "wouter";
import { useData } from "../../client/use-data.ts";
import { useLive } from "../../client/use-live.ts";
import { formatShareRange, plural } from "../../format/numbers.ts";
import { formatAgo, formatSpan, formatTime } from "../../format/times.ts";
import { IncidentChangesDocument, IncidentDocument } from "../../generated/documents.ts";
import { Badge, Labels, SeverityBadge, StatusBadge } from "../../ui/badges.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, ErrorState, Progress, Skeleton, StaleBanner } from "../../ui/states.tsx";
import { ViewButtons } from "../../view/controls.tsx";
import { useNow } from "../../view/use-now.ts";
import { useView } from "../../view/use-view.ts";
import { IncidentActions } from "./actions.tsx";
import { CauseCard } from "./cause.tsx";
import { Deliveries } from "./deliveries.tsx";
import { EvidenceCard } from "./evidence.tsx";
import { Findings } from "./findings.tsx";
import { HostsCard } from "./hosts.tsx";
import { LossCard } from "./loss.tsx";
import { Timeline } from "./timeline.tsx";

const EVERY_MS = 15_000;

/** One incident: why, how that is known, what to do, and what was done. */
export default function IncidentPage() {
  const { id = "" } = useParams<{ id: string }>();
  // Nothing of one incident is shown as another's.
  return <OneIncident key={id} id={id} />;
}

function OneIncident({ id }: { readonly id: string }) {
  const { zone, href } = useView();
  const now = useNow();
  const data = useData(IncidentDocument, { id }, { everyMs: EVERY_MS });
  useLive(IncidentChangesDocument, {}, data.refresh);
  const { data: answer, error } = data;
  if (answer === null) {
    return (
      <Page title="Incident">
        <Progress active />
        {error === null ? <Skeleton lines={10} /> : <ErrorState error={error} retry={data.refresh} />}
      </Page>
    );
  }
  const { incident, viewer } = answer;
  if (incident === null) {
    return (
      <Page title="Incident">
        <Empty
          icon="search"
          title={`There is no incident ${id}`}
          action={<Link href={href("/incidents")}>All incidents</Link>}
        >
          <p>Incidents are kept for as long as hours of history are after they were resolved.</p>
        </Empty>
      </Page>
    );
  }
  const start = Date.parse(incident.startedAt);
  const end = incident.resolvedAt === null ? null : Date.parse(incident.resolvedAt);
  return (
    <Page
      title={incident.title}
      aside={
        <>
          <SeverityBadge severity={incident.severity} />
          <StatusBadge status={incident.status} />
          {incident.flapping && <Badge tone="minor">Flapping</Badge>}
        </>
      }
      actions={<ViewButtons />}
      lead={
        <div className="incident-lead">
          <span>
            Began {formatTime(start, zone, { seconds: true, now })}
            {end === null
              ? `, ${formatAgo(start, now)}`
              : `, ended ${formatTime(end, zone, { seconds: true, now })} after ${formatSpan(end - start)}`}
          </span>
          <span>{plural(incident.hostCount, "host")}</span>
          {incident.lossShare !== null && (
            <span>
              <strong className="number">
                {formatShareRange({
                  share: incident.lossShare,
                  low: incident.lossLow,
                  high: incident.lossHigh,
                })}
              </strong>{" "}
              of new connections lost or delayed
            </span>
          )}
          {incident.acknowledgedBy !== null && <span>taken on by {incident.acknowledgedBy}</span>}
          <Labels labels={incident.labels} />
        </div>
      }
    >
      <StaleBanner data={data} />
      <IncidentActions
        incident={incident}
        mayOperate={viewer.scopes.includes("operate")}
        done={data.refresh}
      />
      <div className="grid-main">
        <div className="stack">
          <CauseCard incident={incident} />
          <EvidenceCard incident={incident} />
          <LossCard incident={incident} />
          <Findings incident={incident} />
        </div>
        <div className="stack">
          <Timeline incident={incident} />
          <HostsCard incident={incident} />
          <Deliveries incident={incident} />
        </div>
      </div>
    </Page>
  );
}
