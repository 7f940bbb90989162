import { Link } from "wouter";
import { formatShareRange, plural } from "../../format/numbers.ts";
import { formatAgo, formatSpan, formatTime } from "../../format/times.ts";
import { causeWords } from "../../format/words.ts";
import type { IncidentRowFragment } from "../../generated/documents.ts";
import { SeverityBadge, StatusBadge, severityTone } from "../../ui/badges.tsx";
import { Prose } from "../../ui/prose.tsx";
import { useNow } from "../../view/use-now.ts";
import { useView } from "../../view/use-view.ts";
import { incidentPath } from "./incident-path.ts";

export interface IncidentListProps {
  readonly incidents: readonly IncidentRowFragment[];
  /** What to do first, by the incident's id, where that is known. */
  readonly advice?: ReadonlyMap<string, string>;
}

/** Incidents as cards in a list: what, how bad, where, since when, and what to do. */
export function IncidentList({ incidents, advice }: IncidentListProps) {
  const now = useNow();
  const { href, zone } = useView();
  return (
    <ul className="incidents">
      {incidents.map((incident) => {
        const { id, title, severity, status, cause, startedAt, resolvedAt, hostCount, hostNames } = incident;
        const start = Date.parse(startedAt);
        const end = resolvedAt === null ? now : Date.parse(resolvedAt);
        const remedy = advice?.get(id);
        return (
          <li
            key={id}
            className={`incident incident-${severityTone(severity)} ${resolvedAt === null ? "" : "incident-over"}`}
          >
            <div className="incident-head">
              <Link href={href(incidentPath(id))} className="incident-title">
                {title}
              </Link>
              <SeverityBadge severity={severity} />
              <StatusBadge status={status} />
            </div>
            <p className="incident-facts">
              {/* A title that says it all is not said twice. */}
              {!title.startsWith(causeWords(cause)) && <span>{causeWords(cause)}</span>}
              {incident.lossShare !== null && (
                <span className="number">
                  {formatShareRange({
                    share: incident.lossShare,
                    low: incident.lossLow,
                    high: incident.lossHigh,
                  })}{" "}
                  of new connections
                </span>
              )}
              {!hostNames.every((name) => title.includes(name)) && (
                <span>
                  {hostCount <= 3
                    ? hostNames.join(", ")
                    : `${hostNames[0] ?? ""} and ${plural(hostCount - 1, "host")} more`}
                </span>
              )}
              <time dateTime={startedAt} title={formatTime(start, zone, { seconds: true })}>
                {resolvedAt === null
                  ? `began ${formatAgo(start, now)}`
                  : `${formatTime(start, zone, { now })}, ${end - start < 1_000 ? "over at once" : `lasted ${formatSpan(end - start)}`}`}
              </time>
            </p>
            {remedy !== undefined && (
              <p className="incident-advice" title={remedy}>
                <Prose>{remedy}</Prose>
              </p>
            )}
          </li>
        );
      })}
    </ul>
  );
}
