import DataLoader from "dataloader";
import type { AnomalyRecord } from "../store/incidents/anomalies.ts";
import { anomaliesById, readAnomaliesBy } from "../store/incidents/anomaly-pages.ts";
import {
  deliveriesOf,
  membersOf,
  type TimelineAsked,
  timelinesOf,
  worstIncidentOf,
} from "../store/incidents/by-incident.ts";
import type { DeliveryRecord } from "../store/incidents/deliveries.ts";
import { incidentsById, type PageAsked } from "../store/incidents/incident-pages.ts";
import type { IncidentMember } from "../store/incidents/members.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import { openSilences, type SilenceRecord } from "../store/incidents/silences.ts";
import type { TimelineRecord } from "../store/incidents/timeline.ts";
import type { AnomalyFilterInput } from "./anomaly-filter.ts";
import { anomalyQuery } from "./anomaly-query.ts";
import type { Sources } from "./context.ts";
import { type PagesByParent, pagesByParent } from "./pages-by-parent.ts";

export interface AnomaliesAsked extends PageAsked {
  readonly filter: AnomalyFilterInput | null;
}

/** What incidents, and hosts of them, are shown with: that of a page of them is read together. */
export interface IncidentLoaders {
  readonly byId: DataLoader<number, IncidentRecord | null>;
  /** By the host's id and its own, as in its node id. */
  readonly anomalyById: DataLoader<string, AnomalyRecord | null>;
  /** The hosts that an incident is or was about, by name. */
  readonly members: DataLoader<number, readonly IncidentMember[]>;
  /** The worst incident that a host is part of, by the host's id. */
  readonly worstOfHost: DataLoader<number, number | null>;
  readonly anomalies: PagesByParent<PageAsked, AnomalyRecord>;
  readonly anomaliesOfHost: PagesByParent<AnomaliesAsked, AnomalyRecord>;
  readonly timeline: PagesByParent<TimelineAsked, TimelineRecord>;
  readonly deliveries: PagesByParent<Parameters<typeof deliveriesOf>[2], DeliveryRecord>;
  /** Those that have not ended, read once. */
  readonly openSilences: () => Promise<readonly SilenceRecord[]>;
}

export function incidentLoaders(sources: Sources): IncidentLoaders {
  const { db, now } = sources;
  let silences: Promise<readonly SilenceRecord[]> | null = null;
  return {
    byId: new DataLoader(async (ids: readonly number[]) => {
      const byId = new Map((await incidentsById(db, ids)).map((incident) => [incident.id, incident]));
      return ids.map((id) => byId.get(id) ?? null);
    }),
    anomalyById: new DataLoader(async (keys: readonly string[]) => {
      const ids = keys.map((key) => {
        const [hostId = 0, id = 0] = key.split("_").map(Number);
        return { hostId, id };
      });
      const byKey = new Map((await anomaliesById(db, ids)).map((one) => [`${one.hostId}_${one.id}`, one]));
      return keys.map((key) => byKey.get(key) ?? null);
    }),
    members: new DataLoader(async (ids: readonly number[]) => {
      const found = await membersOf(db, ids);
      return ids.map((id) => found.get(id) ?? []);
    }),
    worstOfHost: new DataLoader(async (ids: readonly number[]) => {
      const found = await worstIncidentOf(db, ids);
      return ids.map((id) => found.get(id) ?? null);
    }),
    anomalies: pagesByParent((ids, page) => readAnomaliesBy(db, "incidentId", ids, {}, page)),
    anomaliesOfHost: pagesByParent(async (ids, { filter, ...page }) =>
      readAnomaliesBy(db, "hostId", ids, await anomalyQuery(sources, filter), page),
    ),
    timeline: pagesByParent((ids, page) => timelinesOf(db, ids, page)),
    deliveries: pagesByParent((ids, page) => deliveriesOf(db, ids, page)),
    openSilences: () => {
      silences ??= openSilences(db, now());
      return silences;
    },
  };
}
