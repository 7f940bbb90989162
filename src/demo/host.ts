import { layoutHash } from "../protocol/layout.ts";
import type {
  HostSection,
  WireCapability,
  WireListeners,
  WireNamespace,
  WireSnapshot,
} from "../protocol/message.ts";
import { COUNTERS } from "./counters.ts";
import { type Fault, faultAt } from "./faults.ts";
import { type HostFacts, MINUTE_MS, type Sight } from "./fleet.ts";
import { SimulatedNamespace } from "./namespace.ts";
import { randomOf } from "./random.ts";

/** Between two snapshots of an agent that is left to itself. */
export const LIVE_EVERY_MS = 10_000;
const LAYOUT = layoutHash(COUNTERS);

const REGION_SHIFT: Readonly<Record<string, number>> = { "us-east-1": 0.2, "us-west-2": 0.3 };

export interface HostOptions {
  readonly facts: HostFacts;
  /** Those of this host. */
  readonly faults: readonly Fault[];
  readonly startMs: number;
  /** ms since 1970 from which on it says nothing more; null when it never stops. */
  readonly silentFrom: number | null;
  /** The version of its service at a time. */
  readonly versionAt: (at: number) => string;
}

/** A simulated host as its agent tells of it. */
export class SimulatedHost {
  readonly facts: HostFacts;
  readonly #options: HostOptions;
  readonly #spaces: readonly { readonly app: string | null; readonly space: SimulatedNamespace }[];
  readonly #namespaces: readonly WireNamespace[];
  #at: number;
  #hasSpoken = false;

  constructor(options: HostOptions) {
    const { facts, startMs } = options;
    this.#options = options;
    this.facts = facts;
    // Agents spread over their interval.
    this.#at = startMs - LIVE_EVERY_MS + Math.floor(LIVE_EVERY_MS * randomOf(`${facts.id} at`)());
    const make = (app: string | null, service: HostFacts["service"], uptimeMs: number) => ({
      app,
      space: new SimulatedNamespace({
        seed: `${facts.id} ${app ?? ""}`,
        service,
        somaxconn: facts.somaxconn,
        sight: facts.sight,
        startMs: this.#at,
        uptimeMs,
        dayShift: REGION_SHIFT[facts.region] ?? 0,
      }),
    });
    const uptimeMs = this.#at - facts.bootedMs;
    this.#spaces = [
      make(null, facts.service, uptimeMs),
      ...facts.containers.map(({ app, service, birth }) => make(app, service, uptimeMs - birth)),
    ];
    this.#namespaces = facts.containers.map(({ app, name, containerId, inode, birth }) => ({
      kind: "container",
      inode,
      birth,
      containerId,
      name,
      labels: { app },
    }));
  }

  /**
   * What its agent has to say up to a time.
   *
   * @param until ms since 1970
   * @param everyMsAt the interval that it keeps at a time
   * @returns null when nothing is due
   */
  advance(until: number, everyMsAt: (at: number) => number): HostSection | null {
    const end = Math.min(until, this.#options.silentFrom ?? until);
    const snapshots: WireSnapshot[] = [];
    const isFirst = !this.#hasSpoken;
    for (;;) {
      const everyMs = everyMsAt(this.#at);
      const at = this.#at + everyMs;
      if (at > end) break;
      this.#spaces.forEach(({ app, space }, place) => {
        const listeners = space.advance(at, faultAt(this.#options.faults, this.facts.index, app, at));
        const snapshot = this.#snapshot(place, at, everyMs, listeners);
        snapshots.push(this.#hasSpoken ? snapshot : { ...snapshot, sysctls: this.#sysctls() });
      });
      this.#at = at;
      this.#hasSpoken = true;
    }
    return snapshots.length === 0 ? null : this.#section(snapshots, until, isFirst);
  }

  /**
   * What its agent would have said down to a time, had all been well: the newest first, then back. For a host that has
   * not been advanced.
   *
   * @param downTo ms since 1970
   * @param now when it says so: late, as one that was cut off for long
   */
  retreat(downTo: number, everyMs: number, now: number): HostSection | null {
    const snapshots: WireSnapshot[] = [];
    for (; this.#at - everyMs >= downTo; this.#at -= everyMs) {
      const at = this.#at - everyMs;
      this.#spaces.forEach(({ space }, place) => {
        snapshots.push(this.#snapshot(place, at, everyMs, space.retreat(at)));
      });
    }
    return snapshots.length === 0 ? null : this.#section(snapshots.reverse(), now, false);
  }

  #snapshot(place: number, at: number, everyMs: number, listeners: WireListeners): WireSnapshot {
    return {
      at,
      uptimeMs: at - this.facts.bootedMs,
      everyMs,
      ...(place === 0 ? {} : { namespace: place - 1 }),
      layout: LAYOUT,
      values: Array.from(this.#spaces[place]?.space.values ?? []),
      listeners,
    };
  }

  #section(snapshots: readonly WireSnapshot[], now: number, isFirst: boolean): HostSection {
    const { id, key, name, machineId, role, region, rack, boot, kernel, sight, containers } = this.facts;
    return {
      id,
      key,
      name,
      machineId,
      labels: { demo: "true", role, region, rack, version: this.#options.versionAt(now) },
      epoch: { boot, number: 0, kernel, arch: "x86_64", wordSize: 64 },
      ...(isFirst ? { layouts: { [LAYOUT]: COUNTERS }, capabilities: capabilitiesOf(sight) } : {}),
      ...(containers.length === 0 ? {} : { namespaces: this.#namespaces }),
      health: {
        cycleCpuMs: 1.6,
        childCpuMs: sight === "no limits" ? 0 : 0.4,
        rssBytes: 43_000_000,
        spoolDepth: 1,
        spoolAgeMs: 0,
        dropped: {},
      },
      snapshots,
    };
  }

  #sysctls(): Readonly<Record<string, string>> {
    return {
      "net.core.somaxconn": String(this.facts.somaxconn),
      "net.ipv4.tcp_max_syn_backlog": "4096",
      "net.ipv4.tcp_syncookies": "1",
      "net.ipv4.tcp_abort_on_overflow": "0",
    };
  }
}

/** Long before and after a fault an agent of the history is left at one snapshot a minute. */
export function historyEveryMs(faults: readonly Fault[]): (at: number) => number {
  const [before, after] = [3 * MINUTE_MS, 10 * MINUTE_MS];
  return (at) =>
    faults.some(({ from, to }) => at >= from - before && at < to + after) ? LIVE_EVERY_MS : MINUTE_MS;
}

function capabilitiesOf(sight: Sight): WireCapability[] {
  const owners: WireCapability =
    sight === "all"
      ? { name: "listeners.owner", available: true }
      : {
          name: "listeners.owner",
          available: false,
          reason:
            "the processes that own listeners belong to other users: give the agent CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, or run it as root",
        };
  const limits: WireCapability =
    sight === "no limits"
      ? {
          name: "listeners.limits",
          available: false,
          reason: "ss is not installed: install iproute2, and the limits and drops of listeners are seen",
        }
      : { name: "listeners.limits", available: true };
  return [{ name: "namespaces", available: true }, limits, owners];
}
