import type { PositionFlag } from "../../detect/baseline/shard-baselines.ts";
import type { ShardBurns } from "../../detect/baseline/shard-burns.ts";
import type { ShardMinute } from "../../detect/columns.ts";
import { type Burn, judgeBurn } from "../../detect/detectors/slo-burn.ts";
import type { KnownEvent } from "../../detect/diagnosis/window.ts";
import { type DetectionSettings, policyOf } from "../../detect/settings.ts";
import { MINUTE_MS } from "../../rates/minute.ts";
import type { HostRecord } from "../../store/directory.ts";
import type { EventsAround } from "./around.ts";
import { roleOf } from "./roles.ts";

/** Hosts of a role that are named as those that lost the most, in the last six hours. */
const NAMED_MAX = 50;
const NAMED_MINUTES = 360;

/** Namespaces whose objective burns at the end of a minute, by position. */
export interface BurnStep {
  /** ms since 1970 */
  readonly at: number;
  readonly burns: ReadonlyMap<number, Burn>;
}

/** Whose handshakes they are. */
export interface BurnOwners {
  readonly roleLabels: readonly string[];
  /** The host that the namespace at a position is of; undefined where the fleet shows none. */
  readonly hostAt: (position: number) => HostRecord | undefined;
}

/**
 * Counts the handshakes of minutes that are over, in their order. What was announced as maintenance counts neither
 * as good nor as bad.
 *
 * @param burns what was counted before: it is changed
 * @param late what came late of minutes that were counted before, by the positions alone that it came of
 * @param events those around all these minutes
 * @returns who burns at the end of each, but of the late ones
 */
export function judgeBurns(
  burns: ShardBurns,
  { closed, late }: { readonly closed: readonly ShardMinute[]; readonly late: readonly ShardMinute[] },
  { hostAt, roleLabels }: BurnOwners,
  settings: DetectionSettings,
  events: EventsAround,
): BurnStep[] {
  const roleAt = (position: number) => {
    const host = hostAt(position);
    return host === undefined ? null : roleOf(host.labels, roleLabels);
  };
  const scopeOf = (minute: ShardMinute) => ({
    roleAt,
    isExcluded: (position: number) => {
      const host = hostAt(position);
      return host !== undefined && events.of(host).some((event) => isMaintained(event, minute.at));
    },
  });
  for (const minute of late) burns.takeLate(minute, scopeOf(minute));
  return closed.map((minute) => {
    burns.take(minute, scopeOf(minute));
    const burning = new Map<number, Burn>();
    for (const [position, ring] of burns.hosts) {
      const burn = judgeBurn(ring, policyOf(settings, roleAt(position)).objective);
      if (burn !== null) burning.set(position, burn);
    }
    return { at: minute.at + MINUTE_MS, burns: burning };
  });
}

/** Ids of the hosts of a role in a shard that lost the most. */
export function worstOfRole(
  { hosts }: ShardBurns,
  role: string,
  { hostAt, roleLabels }: BurnOwners,
): number[] {
  const lost = new Map<number, number>();
  for (const [position, ring] of hosts) {
    const host = hostAt(position);
    const { bad } = ring.last(NAMED_MINUTES);
    if (bad === 0 || host === undefined || roleOf(host.labels, roleLabels) !== role) continue;
    lost.set(host.id, (lost.get(host.id) ?? 0) + bad);
  }
  const sorted = [...lost].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  return sorted.slice(0, NAMED_MAX).map(([id]) => id);
}

/** The flags of a step, as anomalies are recorded. */
export function flagsOfBurns({ burns }: BurnStep): PositionFlag[] {
  return [...burns].map(([position, { flag }]) => ({ position, flag }));
}

function isMaintained({ kind, at, until }: KnownEvent, minute: number): boolean {
  return kind === "maintenance" && at < minute + MINUTE_MS && (until === null || until > minute);
}
