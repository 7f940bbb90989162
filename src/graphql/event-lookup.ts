import type { HostRecord } from "../store/directory.ts";
import { concerning } from "../store/event-hosts.ts";
import { type EventRecord, type Reboot, readEvents, readReboots } from "../store/events.ts";
import { currentLabels } from "../store/queries/groups.ts";
import type { Range } from "../store/queries/range.ts";
import type { Context } from "./context.ts";
import type { FleetShape } from "./fleet-shape.ts";

/** How reboots are called, which are not recorded but seen. */
export const REBOOT = "REBOOT";

/** Events of a range that are looked at for whom they concern, the newest. */
const LOOKED_AT = 5_000;

/** What was recorded, or a reboot that was seen. */
export interface EventShape extends Omit<EventRecord, "id" | "createdBy"> {
  /** The node id. */
  readonly id: string;
  /** Null for what nobody recorded. */
  readonly createdBy: string | null;
  /** The host that it was seen on; null for what was recorded. */
  readonly host: HostRecord | null;
}

export interface EventQuestion {
  readonly range: Range;
  /** Null for all. */
  readonly kinds: readonly string[] | null;
  readonly first: number;
}

/** The newest events that concern any of a fleet's hosts, the newest first; of the whole fleet, every event. */
export async function eventsOf(
  context: Context,
  { all, hosts, filtered }: FleetShape,
  { range, kinds, first }: EventQuestion,
): Promise<EventShape[]> {
  const hostIds = filtered ? hosts.map(({ id }) => id) : null;
  const [recorded, reboots] = await Promise.all([
    readEvents(context.db, { range, kinds, limit: filtered ? LOOKED_AT : first }),
    kinds === null || kinds.includes(REBOOT)
      ? readReboots(context.db, { range, hostIds, limit: first })
      : Promise.resolve([]),
  ]);
  const meant = filtered ? await meantBy(context, recorded, hosts) : recorded;
  const seen = reboots.flatMap((reboot) => {
    const host = all.hostById.get(reboot.hostId);
    return host === undefined ? [] : [rebootShape(reboot, host)];
  });
  return [...meant.map(eventShape), ...seen].sort((a, b) => b.at - a.at).slice(0, first);
}

async function meantBy(
  context: Context,
  events: readonly EventRecord[],
  hosts: readonly HostRecord[],
): Promise<EventRecord[]> {
  if (events.length === 0) return [];
  const from = events.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
  const to = events.reduce((most, { at, until }) => Math.max(most, until ?? at), 0) + 1;
  return concerning(events, hosts, (await context.labelsOver?.({ from, to })) ?? currentLabels);
}

export function eventShape(event: EventRecord): EventShape {
  return { ...event, id: `event_${event.id}`, host: null };
}

function rebootShape({ epochId, at }: Reboot, host: HostRecord): EventShape {
  return {
    id: `reboot_${epochId}`,
    kind: REBOOT,
    title: `${host.name} was booted`,
    at,
    until: null,
    matchers: [{ name: "host", op: "EQ", value: host.name }],
    url: null,
    createdBy: null,
    host,
  };
}
