import { formatAgo } from "../../format/times.ts";
import { sentence } from "../../format/words.ts";
import { Labels } from "../../ui/badges.tsx";
import { Card } from "../../ui/card.tsx";
import { Fold } from "../../ui/fold.tsx";
import { Icon } from "../../ui/icon.tsx";
import { useNow } from "../../view/use-now.ts";
import { namespaceName, type OfHost } from "./types.ts";

const NAMESPACES_SHOWN = 10;

/** Its network namespaces, each with counters of its own: the host's, and containers'. */
export function Namespaces({ host }: OfHost) {
  const now = useNow();
  return (
    <Card title="Namespaces and containers" note="Each has counters and listeners of its own">
      <Fold items={host.namespaces} first={NAMESPACES_SHOWN}>
        {(shown) => (
          <ul className="lines">
            {shown.map((namespace) => (
              <li key={namespace.id}>
                <span className="namespace">
                  <Icon name={namespace.kind === "ROOT" ? "hosts" : "container"} size={16} />
                  <strong>{namespaceName(namespace)}</strong>
                  <span className="row-note">{sentence(namespace.kind)}</span>
                  {namespace.kind !== "ROOT" && <Labels labels={namespace.labels} />}
                </span>
                <span className="row-note nowrap">{formatAgo(Date.parse(namespace.lastSeen), now)}</span>
              </li>
            ))}
          </ul>
        )}
      </Fold>
    </Card>
  );
}
