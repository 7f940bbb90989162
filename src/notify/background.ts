/** What a notification says around an incident: the event before it, and the course of the overflows. */
import { counterEntry } from "../catalog/catalog.ts";
import type { Db } from "../store/client.ts";
import { concerning } from "../store/event-hosts.ts";
import { readEvents, readReboots } from "../store/events.ts";
import type { Fleet } from "../store/fleet-view.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import type { LayoutCache } from "../store/layouts.ts";
import { currentLabels, groupNamespaces } from "../store/queries/groups.ts";
import { gridOf } from "../store/queries/range.ts";
import { readTrend } from "../store/queries/trend.ts";
import type { NotifiedIncident } from "./receiver.ts";

const MINUTE_MS = 60_000;
/** How long before an incident an event may have been its cause. */
const BEFORE_MS = 60 * MINUTE_MS;
const EVENTS_MAX = 1_000;
const TREND_MINUTES = 30;
const COUNTER = counterEntry("TcpExtListenOverflows");

export interface BackgroundDeps {
  readonly db: Db;
  readonly layouts: LayoutCache;
}

/** The last event or reboot before an incident that concerns any of its hosts; null where there was none. */
export async function precededBy(
  { db }: BackgroundDeps,
  { hostById }: Fleet,
  { startedAt }: IncidentRecord,
  hostIds: readonly number[],
): Promise<NotifiedIncident["precededBy"]> {
  const range = { from: startedAt - BEFORE_MS, to: startedAt + 1 };
  const hosts = hostIds.flatMap((id) => hostById.get(id) ?? []);
  const events = await readEvents(db, { range, kinds: null, limit: EVENTS_MAX });
  const [event] = concerning(events, hosts, currentLabels);
  const [reboot] = await readReboots(db, { range, hostIds, limit: 1 });
  if (reboot !== undefined && reboot.at > (event?.at ?? 0)) {
    const name = hostById.get(reboot.hostId)?.name ?? `host ${reboot.hostId}`;
    return { kind: "REBOOT", title: `${name} was booted`, at: reboot.at };
  }
  return event === undefined ? null : { kind: event.kind, title: event.title, at: event.at };
}

/** Overflows a second of hosts in the last half hour, by the minute; null where nothing is known. */
export async function overflowsOf(
  { db, layouts }: BackgroundDeps,
  fleet: Fleet,
  hostIds: readonly number[],
  now: number,
): Promise<readonly number[] | null> {
  const counterId = await layouts.counterId(db, COUNTER.name);
  if (counterId === null) return null;
  const to = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const range = { from: to - TREND_MINUTES * MINUTE_MS, to };
  const hosts = hostIds.flatMap((id) => fleet.hostById.get(id) ?? []);
  const layoutIds = [...(await layouts.loadAll(db)).values()]
    .filter(({ counterIds }) => counterIds.includes(counterId))
    .map(({ id }) => id);
  const [trend] = await readTrend(db, {
    counterId,
    reporters: { layoutIds, event: COUNTER.event },
    range,
    grid: gridOf(range, MINUTE_MS),
    measure: "RATE",
    groups: groupNamespaces(fleet, hosts, [], range, currentLabels),
    fleet,
    now,
  });
  if (trend === undefined || trend.values.every((value) => value === null)) return null;
  return trend.values.map((value) => value ?? 0);
}
