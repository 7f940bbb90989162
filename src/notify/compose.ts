import type { PrismaClient } from "../store/client.ts";
import type { Fleet, FleetView } from "../store/fleet-view.ts";
import type { Claimed } from "../store/incidents/deliveries.ts";
import { firstLabels, type GroupRecord } from "../store/incidents/groups.ts";
import { incidentsById } from "../store/incidents/incident-pages.ts";
import { type AffectedHosts, affectedHosts } from "../store/incidents/members.ts";
import { type IncidentRecord, SEVERITIES } from "../store/incidents/records.ts";
import type { LayoutCache } from "../store/layouts.ts";
import type { Logger } from "../telemetry/log.ts";
import { overflowsOf, precededBy } from "./background.ts";
import type { Notification, NotifiedIncident } from "./receiver.ts";

const HOSTS_NAMED = 10;
/** So many incidents are told with what was around them; of the others of a large group nobody reads it. */
const WITH_BACKGROUND = 5;
/** So long that is waited for, of the 20 s that an attempt has. */
const BACKGROUND_MS = 3_000;

export interface ComposeDeps {
  readonly db: PrismaClient;
  readonly fleet: FleetView;
  readonly layouts: LayoutCache;
  readonly log: Logger;
  /** Where people reach the service, without a trailing slash. */
  readonly publicUrl: string;
}

/**
 * What a delivery tells now: of the incidents that were chosen when it was planned, as going on or over as they were
 * then, with all else as it is known at this attempt.
 */
export async function compose(
  deps: ComposeDeps,
  { kind, idempotencyKey, incidents }: Pick<Claimed, "kind" | "idempotencyKey" | "incidents">,
  group: Pick<GroupRecord, "id" | "key" | "labels" | "digest">,
  now: number,
): Promise<Notification> {
  const firing = new Map(incidents.map((one) => [one.id, one.firing]));
  const records = await incidentsById(deps.db, [...firing.keys()]);
  const told = records
    .map((incident) => ({ incident, firing: firing.get(incident.id) ?? false }))
    .sort(worstFirst);
  const hosts = await affectedHosts(deps.db, [...firing.keys()], HOSTS_NAMED);
  const atFirst = await firstLabels(deps.db, group.id);
  const fleet = await deps.fleet.read();
  const backgrounds = await backgroundsOf(deps, fleet, told.slice(0, WITH_BACKGROUND), hosts, now);
  const notified = told.map(({ incident, firing }): NotifiedIncident => {
    const { count, named } = hosts.get(incident.id) ?? { count: 0, named: [] };
    return {
      incident,
      firing,
      hostCount: count,
      hosts: named.map(({ hostName }) => hostName),
      precededBy: null,
      trend: null,
      ...backgrounds.get(incident.id),
      url: pageOf(deps.publicUrl, incident),
      labelsAtFirst: atFirst.get(incident.id) ?? { ...incident.labels, cause: incident.cause },
    };
  });
  const [only] = notified;
  return {
    kind,
    idempotencyKey,
    groupKey: group.key,
    groupLabels: group.labels,
    digest: group.digest,
    incidents: notified,
    url: notified.length === 1 && only !== undefined ? only.url : `${deps.publicUrl}/incidents`,
    at: now,
  };
}

type Background = Partial<Pick<NotifiedIncident, "precededBy" | "trend">>;

/** What was around incidents, as far as it is known in time: a page does not wait for it, nor fail with it. */
async function backgroundsOf(
  deps: ComposeDeps,
  fleet: Fleet,
  told: readonly Told[],
  hosts: ReadonlyMap<number, AffectedHosts>,
  now: number,
): Promise<ReadonlyMap<number, Background>> {
  const known = new Map<number, Background>();
  const read = async () => {
    for (const { incident } of told) {
      const ids = (hosts.get(incident.id)?.named ?? []).map(({ hostId }) => hostId);
      const before = { precededBy: await precededBy(deps, fleet, incident, ids) };
      known.set(incident.id, before);
      const trend = await overflowsOf(deps, fleet, ids, incident.resolvedAt ?? now);
      known.set(incident.id, { ...before, trend });
    }
  };
  const faulty = (error: unknown) =>
    deps.log.warn(
      { err: error },
      "what was around an incident cannot be read; its notification goes without",
    );
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, BACKGROUND_MS);
  });
  await Promise.race([read().catch(faulty), enough]).finally(() => clearTimeout(timer));
  // What comes later is not to change what is being sent.
  return new Map(known);
}

function pageOf(publicUrl: string, { id }: IncidentRecord): string {
  return `${publicUrl}/incidents/${id}`;
}

interface Told {
  readonly incident: IncidentRecord;
  readonly firing: boolean;
}

function worstFirst(a: Told, b: Told): number {
  return (
    Number(b.firing) - Number(a.firing) ||
    SEVERITIES.indexOf(b.incident.severity) - SEVERITIES.indexOf(a.incident.severity) ||
    (b.incident.loss?.share ?? 0) - (a.incident.loss?.share ?? 0) ||
    a.incident.id - b.incident.id
  );
}
