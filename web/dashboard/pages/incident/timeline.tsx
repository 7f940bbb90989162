import { formatCount } from "../../format/numbers.ts";
import { formatTime } from "../../format/times.ts";
import { sentence } from "../../format/words.ts";
import { Card } from "../../ui/card.tsx";
import { useView } from "../../view/use-view.ts";
import type { OfIncident } from "./types.ts";

/** Every change and note, the newest first. */
export function Timeline({ incident }: OfIncident) {
  const { zone } = useView();
  const { edges, pageInfo } = incident.timeline;
  return (
    <Card title="Timeline">
      <ol className="timeline">
        {edges.map(({ node: { id, at, kind, actor, text } }) => (
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
      {pageInfo.hasNextPage && (
        <p className="row-note">
          These are the newest {formatCount(edges.length)}. Older ones are told by the API, a page at a time.
        </p>
      )}
    </Card>
  );
}
