import "./incidents.css";
import { useState } from "react";
import { useData } from "../../client/use-data.ts";
import { useLive } from "../../client/use-live.ts";
import {
  IncidentChangesDocument,
  type IncidentStatus,
  IncidentsDocument,
} from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Page } from "../../ui/page.tsx";
import { Empty, Loaded, Skeleton } from "../../ui/states.tsx";
import { useParam } from "../../view/use-view.ts";
import { IncidentList } from "./incident-list.tsx";

const EVERY_MS = 15_000;
/** How many more each "Show older" shows, and the most that the API gives at once. */
const PAGE = 50;
const MOST = 500;
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

/**
 * Those of a status, and older ones on demand: all of them in one question, so that none is lost which newer ones push
 * on, and none is shown as it was long ago.
 */
function Incidents({ shown }: { readonly shown: string }) {
  const filter = { status: SHOWN[shown] ?? [] };
  const [first, setFirst] = useState(PAGE);
  const data = useData(IncidentsDocument, { filter, first }, { everyMs: EVERY_MS });
  useLive(IncidentChangesDocument, {}, data.refresh);
  return (
    <Card flush>
      {/* What fewer were asked for is the beginning of what more are: it stays, also when the older ones do not come. */}
      <Loaded data={{ ...data, isOfOther: false }} skeleton={<Skeleton lines={8} />}>
        {({ incidents: { edges, pageInfo } }) => {
          if (edges.length === 0) return <NoIncidents shown={shown} />;
          return (
            <>
              <IncidentList incidents={edges.map(({ node }) => node)} />
              {pageInfo.hasNextPage && edges.length < MOST && (
                <p className="more">
                  <button
                    type="button"
                    className="button"
                    disabled={data.isOfOther && data.fetching}
                    onClick={() => (data.isOfOther ? data.refresh() : setFirst(first + PAGE))}
                  >
                    {data.isOfOther && data.fetching ? "Older ones are asked for" : "Show older"}
                  </button>
                </p>
              )}
              {pageInfo.hasNextPage && edges.length >= MOST && (
                <p className="more row-note">
                  These are the newest {MOST}. Older ones are told by the API, a page at a time.
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
