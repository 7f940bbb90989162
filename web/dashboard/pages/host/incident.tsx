import "../incidents/incidents.css";
import { useData } from "../../client/use-data.ts";
import { useLive } from "../../client/use-live.ts";
import { HostIncidentsDocument, IncidentChangesDocument } from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Fold } from "../../ui/fold.tsx";
import { Loaded } from "../../ui/states.tsx";
import { IncidentList } from "../incidents/incident-list.tsx";
import { adviceOf, worstFirst } from "../incidents/worst-first.ts";
import type { OfHost } from "./types.ts";

const EVERY_MS = 20_000;
/** Shown until somebody asks for the rest. */
const SHOWN = 5;

/** What is going on here; nothing when all is well. */
export function HostIncident({ host }: OfHost) {
  const data = useData(HostIncidentsDocument, { host: host.id }, { everyMs: EVERY_MS });
  useLive(IncidentChangesDocument, {}, data.refresh);
  const incidents = worstFirst(data.data?.incidents.edges.map(({ node }) => node) ?? []);
  if (incidents.length === 0 && data.error === null) return null;
  return (
    <Card flush title="What is going on">
      <Loaded data={data}>
        {() =>
          incidents.length === 0 ? (
            <p className="more row-note">Nothing was going on when this was last asked.</p>
          ) : (
            <Fold items={incidents} first={SHOWN}>
              {(shown) => <IncidentList incidents={shown} advice={adviceOf(incidents)} />}
            </Fold>
          )
        }
      </Loaded>
    </Card>
  );
}
