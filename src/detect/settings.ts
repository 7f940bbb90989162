import { DEFAULT_OBJECTIVE } from "./detectors/slo-burn.ts";
import { LOSS_ENTRY } from "./episodes/strength.ts";
import { PAGE_SHARE } from "./episodes/urgency.ts";

/** What is asked of hosts that do one work. Shares are 0 to 1. */
export interface RolePolicy {
  /** Share of handshakes that shall go well in 30 days. */
  readonly objective: number;
  /** Share of handshakes lost from which an incident begins. */
  readonly lossThreshold: number;
  /** Share of handshakes lost from which people are woken up. */
  readonly pageShare: number;
  /** Of the IANA's: by its clocks go the days and weekends in which the load comes. */
  readonly zone: string;
}

/** What is asked of every host, and of those of a role where that is something else. */
export interface DetectionSettings {
  readonly all: RolePolicy;
  readonly roles: ReadonlyMap<string, RolePolicy>;
}

export const DEFAULT_SETTINGS: DetectionSettings = {
  all: { objective: DEFAULT_OBJECTIVE, lossThreshold: LOSS_ENTRY, pageShare: PAGE_SHARE, zone: "UTC" },
  roles: new Map(),
};

export function policyOf({ all, roles }: DetectionSettings, role: string | null): RolePolicy {
  return (role === null ? undefined : roles.get(role)) ?? all;
}

/** The least share of handshakes lost from which anything begins. */
export function leastLossThreshold({ all, roles }: DetectionSettings): number {
  return Math.min(all.lossThreshold, ...[...roles.values()].map(({ lossThreshold }) => lossThreshold));
}
