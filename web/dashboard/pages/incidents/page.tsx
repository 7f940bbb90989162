import "./incidents.css";
import { useEffect, useState } from "react";
import { useData } from "../../client/use-data.ts";
import { useLive } from "../../client/use-live.ts";
import {
  IncidentChangesDocument,
  type IncidentRowFragment,
  type IncidentStatus,
  IncidentsDocument,
} from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, Loaded, Skeleton } from "../../ui/states.tsx";
import { useParam } from "../../view/use-view.ts";
import { IncidentList } from "./incident-list.tsx";

const EVERY_MS = 15_000;
const SHOWN: Readonly<Record<string, readonly IncidentStatus[]>> = {
  open: ["OPEN", "ACKNOWLEDGED"],
  resolved: ["RESOLVED"],
  all: ["OPEN", "ACKNOWLEDGED", "RESOLVED"],
};
const NAMES: Readonly<Record<string, string>> = { open: "Not resolved", resolved: "Resolved", all: "All" };

/** Every incident that is kept, those that are not over first. */
export default function IncidentsPage() {
  const [chosen, choose] = useParam("status");
  const shown = chosen !== null && chosen in SHOWN ? chosen : "open";
  return (
    <Page
      title="Incidents"
      actions={
        <fieldset className="segments">
          <legend className="visually-hidden">Which incidents</legend>
          {Object.keys(SHOWN).map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === shown}
              onClick={() => choose(name === "open" ? null : name)}
            >
              {NAMES[name]}
            </button>
          ))}
        </fieldset>
      }
    >
      {/* Each list has its own pages. */}
      <Incidents key={shown} shown={shown} />
    </Page>
  );
}

/** Those of a status, and older ones on demand. */
function Incidents({ shown }: { readonly shown: string }) {
  const filter = { status: SHOWN[shown] ?? [] };
  const data = useData(IncidentsDocument, { filter }, { everyMs: EVERY_MS });
  useLive(IncidentChangesDocument, {}, data.refresh);
  const [more, setMore] = useState<string | null>(null);
  const [older, setOlder] = useState<readonly IncidentRowFragment[]>([]);
  const next = useData(IncidentsDocument, { filter, after: more }, { pause: more === null });
  useEffect(() => {
    if (next.data === null || more === null) return;
    const page = next.data.incidents.edges.map(({ node }) => node);
    setOlder((was) => [...was, ...page.filter(({ id }) => !was.some((other) => other.id === id))]);
  }, [next.data, more]);
  return (
    <Card flush>
      <Loaded data={data} skeleton={<Skeleton lines={8} />}>
        {({ incidents: { edges, pageInfo } }) => {
          const first = edges.map(({ node }) => node);
          const all = [...first, ...older.filter(({ id }) => !first.some((other) => other.id === id))];
          const last = next.data?.incidents.pageInfo ?? pageInfo;
          if (all.length === 0) return <NoIncidents shown={shown} />;
          return (
            <>
              <IncidentList incidents={all} />
              {(more === null ? pageInfo : last).hasNextPage && (
                <p className="more">
                  <button
                    type="button"
                    className="button"
                    onClick={() => setMore((more === null ? pageInfo : last).endCursor)}
                  >
                    Show older
                  </button>
                </p>
              )}
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}

function NoIncidents({ shown }: { readonly shown: string }) {
  return shown === "open" ? (
    <Empty title="Nothing is wrong">
      <p>
        An incident opens when connections are lost or delayed on some hosts, or are about to be, and says
        why: which queue, which listener, since which event.
      </p>
    </Empty>
  ) : (
    <Empty icon="clock" title="No incident yet">
      <p>Those that are over stay here, with their evidence, for as long as hours of history are kept.</p>
    </Empty>
  );
}
