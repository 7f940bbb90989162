import type { KnownEvent } from "../../detect/diagnosis/window.ts";
import { maintenanceWithin } from "../../incidents/maintenance.ts";
import type { Db } from "../../store/client.ts";
import type { HostRecord } from "../../store/directory.ts";
import { concerning } from "../../store/event-hosts.ts";
import { readEvents } from "../../store/events.ts";
import { currentLabels } from "../../store/queries/groups.ts";

/** Events at once; more of them say nothing that the newest do not. */
const EVENTS_MAX = 1_000;
/** What happened so long before a time may still explain it. */
const BEFORE_MS = 15 * 60_000;

/** What was announced around a time: deploys, maintenance, recurring windows of it too. */
export interface EventsAround {
  /** Those that concern a host, by the labels that it has. */
  of(host: HostRecord): readonly KnownEvent[];
}

/** @param range `from <= time < to`, ms since 1970: what is judged */
export async function eventsAround(
  db: Db,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<EventsAround> {
  const range = { from: from - BEFORE_MS, to };
  const recorded = await readEvents(db, { range, kinds: null, limit: EVENTS_MAX });
  const events = [...recorded, ...(await maintenanceWithin(db, range))];
  const known = new Map<number, readonly KnownEvent[]>();
  return {
    of: (host) => {
      const found =
        known.get(host.id) ??
        concerning(events, [host], currentLabels).map(({ kind, title, at, until }) => ({
          kind: kind.toLowerCase(),
          title,
          at,
          until,
        }));
      known.set(host.id, found);
      return found;
    },
  };
}
