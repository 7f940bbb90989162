import { formatTime } from "../../format/times.ts";
import { sentence } from "../../format/words.ts";
import { Card } from "../../ui/card.tsx";
import { useView } from "../../view/use-view.ts";
import type { OfIncident } from "./types.ts";

/** Every change and note, the newest first. */
export function Timeline({ incident }: OfIncident) {
  const { zone } = useView();
  return (
    <Card title="Timeline">
      <ol className="timeline">
        {incident.timeline.edges.toReversed().map(({ node: { id, at, kind, actor, text } }) => (
          <li key={id}>
            <p>
              <strong>{sentence(kind)}</strong> <span className="row-note">by {actor}</span>
            </p>
            {text !== "" && <p className="timeline-text">{text}</p>}
            <time className="row-note" dateTime={at}>
              {formatTime(Date.parse(at), zone, { seconds: true })}
            </time>
          </li>
        ))}
      </ol>
    </Card>
  );
}
