import type { Cause } from "../diagnosis/cause.ts";
import type { Incident } from "./incident.ts";

/** A row of the table: an incident of the first causes holds back those of the others on the same host. */
interface Inhibition {
  readonly by: readonly Cause[];
  readonly holdsBack: readonly Cause[] | "all";
}

/** Causes by which an objective burns. */
const BURNT_BY: readonly Cause[] = [
  "APPLICATION_STALLED",
  "APPLICATION_SLOW",
  "ACCEPT_QUEUE_TOO_SMALL",
  "SYN_QUEUE_FULL",
];

/** Whether a cause may be that by which the objective of its hosts burns. */
export function isBurntBy(cause: Cause): boolean {
  return BURNT_BY.includes(cause);
}

const TABLE: readonly Inhibition[] = [
  // Nothing that a host says is judged while it says nothing, or nothing that can be trusted.
  { by: ["HOST_SILENT", "DATA_PROBLEM"], holdsBack: "all" },
  // Clients that wait too long give up.
  {
    by: ["SERVICE_DOWN", "APPLICATION_STALLED", "APPLICATION_SLOW"],
    holdsBack: ["CLIENT_ABORTS", "INBOUND_SCAN"],
  },
  // The objective burns because of it; who is told of the cause is told as loudly as the burn asks for.
  { by: BURNT_BY, holdsBack: ["SLO_BURN"] },
  // SYN-ACKs of a flood are sent again, and its packets make every load unusual.
  { by: ["SYN_FLOOD", "SYN_QUEUE_FULL"], holdsBack: ["PATH_LOSS", "UNKNOWN"] },
];

/**
 * Which incidents are explained by others, so that nobody is told of them: by key, the key of the one that
 * explains it. They stay open and visible.
 *
 * A silence of many hosts, be it the service's own ingest, holds back what is of them alone: a host that reports is
 * judged by what it says. A fleet-wide incident needs no row: the incidents of its hosts have become part of it.
 *
 * An objective goes on burning when what it burns by is over, since it looks back for hours; of a role it does so while
 * the hosts of the incident recover one after the other. Nobody is told of the same loss again: it stays explained while
 * the incident that explained it goes on, on whichever of its hosts, and for as long as that may be opened again.
 *
 * @param incidents all of the book
 * @param before as it was found last
 */
export function inhibitions(
  incidents: Iterable<Incident>,
  before: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const all = [...incidents];
  const open = all.filter(({ status }) => status === "open");
  // Of those that are over, the book has the ones that may be opened again.
  const known = new Set(all.map(({ key }) => key));
  const ofHost = new Map<string, Incident[]>();
  for (const incident of open) {
    for (const host of incident.members) ofHost.set(host, [...(ofHost.get(host) ?? []), incident]);
  }
  const held = new Map<string, string>();
  for (const target of open) {
    const beside = ofHost.get(target.members[0] ?? "");
    const source = beside?.find((one) => one.key !== target.key && explains(one, target));
    const was = before.get(target.key);
    if (source !== undefined) held.set(target.key, source.key);
    else if (target.cause === "SLO_BURN" && was !== undefined && known.has(was)) held.set(target.key, was);
  }
  return held;
}

function explains(source: Incident, target: Incident): boolean {
  // One of several hosts is not explained by what goes on on one of them.
  if (!target.members.every((host) => source.members.includes(host))) return false;
  return TABLE.some(({ by, holdsBack }) => {
    if (!by.includes(source.cause)) return false;
    // Silence is no reason to hide silence, nor bad data to hide bad data.
    return holdsBack === "all" ? !by.includes(target.cause) : holdsBack.includes(target.cause);
  });
}
