import type { DrillNews, IncidentSeen } from "./events.ts";
import { askService, type ServiceAddress } from "./service.ts";

/** What the service says of the host of a drill at one moment. */
export interface Told {
  /** What the counter that moves first has grown by; null before two snapshots. */
  readonly increase: string | null;
  readonly flags: readonly { readonly id: string; readonly detector: string; readonly explanation: string }[];
  /** The newest first. */
  readonly incidents: readonly IncidentSeen[];
}

/** What was told before. */
export interface Seen {
  readonly hasMoved: boolean;
  readonly flags: ReadonlySet<string>;
  readonly causes: ReadonlyMap<string, string>;
}

export const NOTHING_SEEN: Seen = { hasMoved: false, flags: new Set(), causes: new Map() };

/** What is new in an answer, in the order in which it comes about: pure. */
export function whatIsNew(
  counter: string,
  seen: Seen,
  { increase, flags, incidents }: Told,
): { readonly seen: Seen; readonly news: DrillNews[] } {
  const news: DrillNews[] = [];
  const moves = increase !== null && increase !== "0";
  if (moves && !seen.hasMoved) news.push({ type: "seen", counter, increase });
  for (const { id, detector, explanation } of flags) {
    if (!seen.flags.has(id)) news.push({ type: "flagged", detector, explanation });
  }
  for (const incident of incidents) {
    const before = seen.causes.get(incident.id);
    if (before === undefined) news.push({ type: "opened", incident });
    else if (before !== incident.cause) news.push({ type: "renamed", incident });
  }
  const after: Seen = {
    hasMoved: seen.hasMoved || moves,
    flags: new Set([...seen.flags, ...flags.map(({ id }) => id)]),
    causes: new Map([...seen.causes, ...incidents.map(({ id, cause }) => [id, cause] as const)]),
  };
  return { seen: after, news };
}

/** The incident that a verdict is about: one of the right cause, or else the first that was opened. */
export function incidentOf(cause: string, { incidents }: Pick<Told, "incidents">): IncidentSeen | null {
  return incidents.find((incident) => incident.cause === cause) ?? incidents.at(-1) ?? null;
}

const QUERY = `query Drill($host: ID!, $named: String!, $counter: String!) {
  host(id: $host) { increase(counter: $counter, range: { last: "10m" }) }
  anomalies(filter: { host: $named }, first: 50) { edges { node { id detector explanation } } }
  incidents(filter: { host: $named }, first: 10) { edges { node {
    id title status severity cause url lossShare lossLow lossHigh
    diagnosis { confidence summary remedies evidence { statement listener { address port owner } } }
  } } }
}`;

interface Connection<T> {
  readonly edges: readonly { readonly node: T }[];
}

interface Answer {
  readonly host: { readonly increase: string | null } | null;
  readonly anomalies: Connection<Told["flags"][number]>;
  readonly incidents: Connection<IncidentSeen>;
}

/** @throws as `askService` */
export async function askAbout(service: ServiceAddress, hostId: string, counter: string): Promise<Told> {
  const variables = { host: hostId, named: hostId, counter };
  const { host, anomalies, incidents } = await askService<Answer>(service, QUERY, variables);
  return {
    increase: host?.increase ?? null,
    // The oldest first, as they came.
    flags: anomalies.edges.map(({ node }) => node).reverse(),
    incidents: incidents.edges.map(({ node }) => node),
  };
}
