import type { ObservedListener } from "./window.ts";

/**
 * A listener that was open for less is nobody's service: a test or a transfer of files opened a port for itself. Longer
 * than a minute, as one that a single list shows was open for up to as long as lists are apart.
 */
const PASSING_MS = 120_000;

/** The ports of services: those on which something listens now, or did for long enough before it was closed. */
export function servicePorts(listeners: readonly ObservedListener[]): ReadonlySet<number> {
  return new Set(listeners.filter((listener) => !isPassing(listener)).map(({ port }) => port));
}

/** Ports that were never closed: something that was there from the first list on goes on listening beside what was closed. */
export function keptPorts(listeners: readonly ObservedListener[]): ReadonlySet<number> {
  const kept = listeners.filter(({ closedAt, openedAt }) => closedAt === null && openedAt === null);
  return new Set(kept.map(({ port }) => port));
}

function isPassing({ closedAt, listedMs }: ObservedListener): boolean {
  return closedAt !== null && listedMs !== undefined && listedMs < PASSING_MS;
}
