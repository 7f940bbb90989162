import "../incidents/incidents.css";
import { useData } from "../../client/use-data.ts";
import { useLive } from "../../client/use-live.ts";
import { HostIncidentsDocument, IncidentChangesDocument } from "../../generated/documents.ts";
import { Card } from "../../ui/card.tsx";
import { Loaded } from "../../ui/states.tsx";
import { IncidentList } from "../incidents/incident-list.tsx";
import type { OfHost } from "./types.ts";

const EVERY_MS = 20_000;

/** What is going on here; nothing when all is well. */
export function HostIncident({ host }: OfHost) {
  const data = useData(HostIncidentsDocument, { host: host.id }, { everyMs: EVERY_MS });
  useLive(IncidentChangesDocument, {}, data.refresh);
  const incidents = data.data?.incidents.edges.map(({ node }) => node) ?? [];
  if (incidents.length === 0 && data.error === null) return null;
  const advice = new Map(
    incidents.flatMap(({ id, diagnosis }) => {
      const [remedy] = diagnosis?.remedies ?? [];
      return remedy === undefined ? [] : [[id, remedy] as const];
    }),
  );
  return (
    <Card flush title="What is going on">
      <Loaded data={data}>
        {() =>
          incidents.length === 0 ? (
            <p className="more row-note">Nothing was going on when this was last asked.</p>
          ) : (
            <IncidentList incidents={incidents} advice={advice} />
          )
        }
      </Loaded>
    </Card>
  );
}
