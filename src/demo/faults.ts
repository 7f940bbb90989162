import type { HostFacts } from "./fleet.ts";

/** What can be the matter with a namespace of the simulated fleet. */
export type FaultKind =
  /** The application accepts nothing. */
  | "stalled"
  /** It accepts less than comes. */
  | "slow"
  /** Connections come all at once, more than the queue holds. */
  | "bursts"
  /** SYNs from nowhere fill the SYN queue; cookies hold. */
  | "flood"
  /** A service that it calls refuses. */
  | "refused";

export interface Fault {
  readonly kind: FaultKind;
  readonly host: number;
  /** Name of the app whose container has it; null for the host's own namespace. */
  readonly app: string | null;
  /** ms since 1970 */
  readonly from: number;
  readonly to: number;
}

/** The fault that a namespace has at a time; null when it is well. */
export function faultAt(
  faults: readonly Fault[],
  host: number,
  app: string | null,
  at: number,
): Fault | null {
  return faults.find((one) => one.host === host && one.app === app && one.from <= at && at < one.to) ?? null;
}

/** The faults of each host. */
export function byHost(faults: readonly Fault[]): ReadonlyMap<number, readonly Fault[]> {
  const map = new Map<number, Fault[]>();
  for (const one of faults) map.set(one.host, [...(map.get(one.host) ?? []), one]);
  return map;
}

/** The nth host of a role, or the last there is. */
export function hostOfRole(fleet: readonly HostFacts[], role: string, nth: number): number {
  const hosts = fleet.filter((host) => host.role === role);
  return (hosts[Math.min(nth, hosts.length - 1)] ?? fleet[0])?.index ?? 0;
}
