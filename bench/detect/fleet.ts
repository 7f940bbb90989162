import { uuidOf } from "../../src/demo/random.ts";
import type { KnownEvent } from "../../src/detect/diagnosis/window.ts";
import type { EventsAround } from "../../src/jobs/detect/around.ts";
import type { HostRecord } from "../../src/store/directory.ts";
import type { Fleet } from "../../src/store/fleet-view.ts";
import { EVERY_MS } from "./corpus/host.ts";

/** A host of the corpus among others: the id of its only namespace is its own. */
export interface Member {
  readonly id: number;
  readonly role: string | null;
  readonly kernel: string;
}

export const ROLE_LABELS = ["role"] as const;

/** The fleet that the jobs would read. */
export function fleetOf(members: readonly Member[]): Pick<Fleet, "hosts" | "hostById" | "ownerOf"> {
  const hosts = members.map(recordOf);
  return {
    hosts,
    hostById: new Map(hosts.map((host) => [host.id, host])),
    ownerOf: new Map(hosts.map(({ id }) => [id, id])),
  };
}

function recordOf({ id, role, kernel }: Member): HostRecord {
  return {
    id,
    revision: 1,
    agentId: uuidOf(`corpus ${id}`),
    name: `host-${id}`,
    labels: role === null ? {} : { role },
    firstSeen: new Date(0),
    lastSeen: null,
    leftAt: null,
    everyMs: EVERY_MS,
    agentVersion: null,
    clockSkewMs: null,
    bootId: null,
    kernel,
    capabilities: [],
    health: null,
    status: "REPORTING",
  };
}

/** An event that was recorded, with the hosts that it concerns. */
export interface RecordedEvent extends KnownEvent {
  readonly hosts: ReadonlySet<number>;
}

/** Events are looked at for so long before and after a time. */
const EVENTS_BEFORE_MS = 20 * 60_000;
const EVENTS_AFTER_MS = 6 * 60_000;

/** The events that the jobs would read at a time. */
export class EventsOfHosts implements EventsAround {
  /** ms since 1970 */
  now = 0;
  readonly #byHost = new Map<number, RecordedEvent[]>();

  constructor(events: readonly RecordedEvent[]) {
    for (const event of events) {
      for (const host of event.hosts) this.#byHost.set(host, [...(this.#byHost.get(host) ?? []), event]);
    }
  }

  of({ id }: Pick<HostRecord, "id">): readonly KnownEvent[] {
    const [from, to] = [this.now - EVENTS_BEFORE_MS, this.now + EVENTS_AFTER_MS];
    return (this.#byHost.get(id) ?? []).filter(({ at, until }) => (until ?? at) >= from && at < to);
  }
}
