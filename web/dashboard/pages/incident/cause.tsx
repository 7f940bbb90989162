import { formatAgo, formatTime } from "../../format/times.ts";
import { causeWords, sentence } from "../../format/words.ts";
import { Card } from "../../ui/card.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Prose } from "../../ui/prose.tsx";
import { useView } from "../../view/use-view.ts";
import type { IncidentDetails, OfIncident } from "./types.ts";

/** The cause in a sentence, how sure that is, and what to do. */
export function CauseCard({ incident }: OfIncident) {
  const { diagnosis, cause } = incident;
  return (
    <Card className="cause">
      <p className="cause-kicker">Cause</p>
      <h2 className="cause-name">{causeWords(cause)}</h2>
      {diagnosis === null ? (
        <p>No cause was looked for.</p>
      ) : (
        <>
          <p className="cause-summary">
            <Prose>{diagnosis.summary}</Prose>
          </p>
          <Confidence value={diagnosis.confidence} />
          {diagnosis.contributing.length > 0 && (
            <p className="cause-also">
              Also fits, and explains less: {diagnosis.contributing.map(causeWords).join(", ")}.
            </p>
          )}
          <Before incident={incident} />
          {diagnosis.remedies.length > 0 && (
            <>
              <h3>What to do</h3>
              <ol className="remedies">
                {diagnosis.remedies.map((remedy) => (
                  <li key={remedy}>
                    <Prose>{remedy}</Prose>
                  </li>
                ))}
              </ol>
            </>
          )}
        </>
      )}
    </Card>
  );
}

function Confidence({ value }: { readonly value: number }) {
  const words = value >= 0.8 ? "high" : value >= 0.5 ? "fair" : "low";
  return (
    <p className="confidence">
      <span>Confidence</span>
      <span className="confidence-track" aria-hidden="true">
        <span style={{ width: `${Math.round(value * 100)}%` }} />
      </span>
      <span className="number">
        {Math.round(value * 100)} %, {words}
      </span>
    </p>
  );
}

/** What happened shortly before it began, the nearest first. */
function Before({ incident }: { readonly incident: IncidentDetails }) {
  const { zone } = useView();
  const start = Date.parse(incident.startedAt);
  const before = incident.events.filter(({ at }) => Date.parse(at) <= start).slice(0, 3);
  if (before.length === 0) return null;
  return (
    <ul className="before" aria-label="What happened before">
      {before.map(({ id, kind, title, at, url, createdBy }) => (
        <li key={id}>
          <Icon name="clock" size={16} />
          <span>
            <strong>{sentence(kind)}</strong> {url === null ? title : <a href={url}>{title}</a>}
            <span className="row-note">
              {" "}
              {formatTime(Date.parse(at), zone)},{" "}
              {formatAgo(Date.parse(at), start).replace("ago", "before it began")}
              {createdBy !== null && `, by ${createdBy}`}
            </span>
          </span>
        </li>
      ))}
    </ul>
  );
}
