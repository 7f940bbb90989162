const SHARE = 0.2;
const HOSTS = 5;

/** Whether so many hosts of all are one event of the role or fleet, and not so many of hosts: 20 %, and at least 5. */
export function isFleetWide(affected: number, all: number): boolean {
  return affected >= fleetWideFrom(all);
}

/** The number of hosts from which on it is one. */
export function fleetWideFrom(all: number): number {
  // Rounded first: 0.2 * 35 is a hair above 7.
  return Math.max(HOSTS, Math.ceil(Number((SHARE * all).toFixed(6))));
}
