import { Link } from "wouter";
import { useData } from "../../client/use-data.ts";
import { formatAgo } from "../../format/times.ts";
import { NewestHostsDocument } from "../../generated/documents.ts";
import { Icon } from "../../ui/icon.tsx";
import { Loaded } from "../../ui/states.tsx";
import { useNow } from "../../view/use-now.ts";
import { useView } from "../../view/use-view.ts";

/** Hosts whose first snapshot has come since a time, asked for each two seconds. @param since ms since 1970 */
export function Arrivals({ since }: { readonly since: number }) {
  const { href } = useView();
  const now = useNow(2_000);
  const data = useData(NewestHostsDocument, {}, { everyMs: 2_000 });
  return (
    <Loaded data={data}>
      {({ hosts }) => {
        const arrived = hosts.edges.flatMap(({ node }) =>
          Date.parse(node.firstSeen) >= since ? [node] : [],
        );
        return (
          <div aria-live="polite">
            {arrived.length === 0 ? (
              <p className="arrivals-waiting">
                <span className="arrivals-pulse" aria-hidden="true" />
                Waiting for a host that was not here before. It shows up within seconds of its start.
              </p>
            ) : (
              <ul className="arrivals">
                {arrived.map(({ id, name, firstSeen, agentVersion, kernel }) => (
                  <li key={id}>
                    <Icon name="check" />
                    <span>
                      <Link href={href(`/hosts/${id}`)} className="row-name">
                        {name}
                      </Link>{" "}
                      has arrived, {formatAgo(Date.parse(firstSeen), now)}.{" "}
                      <span className="row-note">
                        Agent {agentVersion ?? "of unknown version"}
                        {kernel !== null && `, Linux ${kernel}`}
                      </span>
                    </span>
                  </li>
                ))}
              </ul>
            )}
          </div>
        );
      }}
    </Loaded>
  );
}
