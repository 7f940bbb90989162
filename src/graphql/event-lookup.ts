import DataLoader from "dataloader";
import type { HostRecord } from "../store/directory.ts";
import { concerning } from "../store/event-hosts.ts";
import { type EventRecord, type Reboot, readEvents, readReboots } from "../store/events.ts";
import type { IncidentRecord } from "../store/incidents/records.ts";
import { currentLabels } from "../store/queries/groups.ts";
import type { Range } from "../store/queries/range.ts";
import type { Sources } from "./context.ts";
import type { FleetShape } from "./fleet-shape.ts";
import type { IncidentLoaders } from "./incident-loaders.ts";

/** How reboots are called, which are not recorded but seen. */
export const REBOOT = "REBOOT";

/** Events that are looked at at once for whom they concern, the newest first ... */
const LOOKED_AT = 5_000;
/** ... and so many times, until as many are found as are asked for. */
const LOOKS = 10;

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
  context: Pick<Sources, "db" | "labelsOver">,
  { all, hosts, filtered }: FleetShape,
  { range, kinds, first }: EventQuestion,
): Promise<EventShape[]> {
  const hostIds = filtered ? hosts.map(({ id }) => id) : null;
  const [meant, reboots] = await Promise.all([
    filtered
      ? concerningEvents(context, hosts, { range, kinds, first })
      : readEvents(context.db, { range, kinds, limit: first }),
    kinds === null || kinds.includes(REBOOT)
      ? readReboots(context.db, { range, hostIds, limit: first })
      : Promise.resolve([]),
  ]);
  const seen = reboots.flatMap((reboot) => {
    const host = all.hostById.get(reboot.hostId);
    return host === undefined ? [] : [rebootShape(reboot, host)];
  });
  return newestOf([...meant.map(eventShape), ...seen], first);
}

/** The newest events that concern hosts, by as many looks as that takes. */
async function concerningEvents(
  context: Pick<Sources, "db" | "labelsOver">,
  hosts: readonly HostRecord[],
  { range, kinds, first }: EventQuestion,
): Promise<EventRecord[]> {
  const found = new Map<number, EventRecord>();
  let { to } = range;
  for (let look = 0; look < LOOKS; look++) {
    const events = await readEvents(context.db, { range: { ...range, to }, kinds, limit: LOOKED_AT });
    for (const event of await meantBy(context, events, hosts)) found.set(event.id, event);
    const last = events.at(-1);
    if (events.length < LOOKED_AT || found.size >= first || last === undefined) break;
    // Of the same moment there may be more, unless it had a look of its own.
    to = last.at + 1 < to ? last.at + 1 : last.at;
  }
  return [...found.values()];
}

/** How long before an incident began an event may have been its cause. */
const BEFORE_MS = 3_600_000;
const EVENTS_OF_INCIDENT = 100;
/** Of these as many as there are, before any of the others: what led to it is no less news as it lasts. */
const BEFORE_INCIDENT = 50;

/** The events that concern the hosts of an incident, from an hour before it began; of several incidents read together. */
export function incidentEventLoader(
  sources: Sources,
  members: IncidentLoaders["members"],
): DataLoader<IncidentRecord, EventShape[]> {
  return new DataLoader(async (incidents: readonly IncidentRecord[]) => {
    const { hostById } = await sources.fleet.read();
    const asked = await Promise.all(
      incidents.map(async ({ id, startedAt, resolvedAt }) => ({
        startedAt,
        from: startedAt - BEFORE_MS,
        to: (resolvedAt ?? sources.now()) + 1,
        hosts: (await members.load(id)).flatMap(({ hostId }) => hostById.get(hostId) ?? []),
      })),
    );
    const range = {
      from: Math.min(...asked.map(({ from }) => from)),
      to: Math.max(...asked.map(({ to }) => to)),
    };
    const hostIds = [...new Set(asked.flatMap(({ hosts }) => hosts.map(({ id }) => id)))];
    const beforeAll = { from: range.from, to: Math.max(...asked.map(({ startedAt }) => startedAt)) + 1 };
    const read = (within: Range) => readEvents(sources.db, { range: within, kinds: null, limit: LOOKED_AT });
    const [newest, before, reboots] = await Promise.all([
      read(range),
      read(beforeAll),
      readReboots(sources.db, { range, hostIds, limit: LOOKED_AT }),
    ]);
    const recorded = [...new Map([...newest, ...before].map((event) => [event.id, event])).values()];
    return Promise.all(
      asked.map(async ({ startedAt, from, to, hosts }) => {
        const within = recorded.filter(({ at, until }) => at < to && (until ?? at) >= from);
        const meant = (await meantBy(sources, within, hosts)).map(eventShape);
        const own = reboots.filter(({ at }) => at >= from && at < to);
        const seen = hosts.flatMap((host) =>
          own.filter(({ hostId }) => hostId === host.id).map((reboot) => rebootShape(reboot, host)),
        );
        return eventsAround([...meant, ...seen], startedAt);
      }),
    );
  });
}

/** Of the events around an incident those that are told, the newest first. Pure. @param startedAt ms since 1970 */
export function eventsAround<T extends { readonly at: number }>(
  events: readonly T[],
  startedAt: number,
): T[] {
  const before = newestOf(
    events.filter(({ at }) => at <= startedAt),
    BEFORE_INCIDENT,
  );
  const after = newestOf(
    events.filter(({ at }) => at > startedAt),
    EVENTS_OF_INCIDENT - before.length,
  );
  return [...after, ...before];
}

function newestOf<T extends { readonly at: number }>(events: readonly T[], count: number): T[] {
  return [...events].sort((a, b) => b.at - a.at).slice(0, count);
}

async function meantBy(
  { labelsOver }: Pick<Sources, "labelsOver">,
  events: readonly EventRecord[],
  hosts: readonly HostRecord[],
): Promise<EventRecord[]> {
  if (events.length === 0) return [];
  return concerning(events, hosts, (await labelsOver?.()) ?? currentLabels);
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
