/** What became of the ports whose listeners were closed. */
import { MEASURES } from "./measures.ts";
import { RESTART_MS } from "./restarts.ts";
import { keptPorts, servicePorts } from "./services.ts";
import { minutesOf, type NamespaceWindow, type ObservedInterval, type ObservedListener } from "./window.ts";

/** A listener that was closed, and what became of its port. */
export interface Closed {
  readonly listener: ObservedListener;
  /** For how long it is known to be gone: from the first list without it to the end of the window. */
  readonly goneMs: number;
  /** For how long another one listens on the port again; null where none does. */
  readonly backMs: number | null;
}

/** A port on which nothing listens any more. */
export interface Down extends Omit<Closed, "backMs"> {
  /** Resets that were sent while no restart of another port explains them, and how unusual they are: see `z` of Evidence. */
  readonly refused: { readonly count: number; readonly z: number | null };
}

/** A listener that was closed so long ago is no news. */
const CLOSED_MAX_MS = 3_600_000;

/** The listener of a service that was closed last, one that nobody replaced before others. */
export function closedOf(listeners: readonly ObservedListener[], to: number): Closed | null {
  const services = servicePorts(listeners);
  return allClosed(listeners, to).find(({ listener }) => services.has(listener.port)) ?? null;
}

/**
 * The port that is down: of those that are closed for a minute the one that was closed last, a service before what
 * came and went. Null where there is none, and where there were no services and one that came and went may be back.
 *
 * Clients that are refused while the port of another service is closed for a moment may be those of that one: only
 * the others are taken for its own.
 *
 * @param to the end of the window, ms since 1970
 * @param zOf how unusual so many resets sent are, over so many minutes
 */
export function downOf(
  { listeners, intervals }: NamespaceWindow,
  to: number,
  zOf: (count: number, minutes: number) => number | null,
): Down | null {
  const services = servicePorts(listeners);
  const closed = allClosed(listeners, to);
  const gone = newestOfPorts(closed.filter(({ backMs }) => backMs === null));
  const down = gone.filter(({ goneMs }) => goneMs >= RESTART_MS);
  const found =
    down.find(({ listener }) => services.has(listener.port)) ?? (down[0] === gone[0] ? down[0] : undefined);
  if (found === undefined) return null;
  const downPorts = new Set(down.map(({ listener }) => listener.port));
  const kept = keptPorts(listeners);
  const restarts = closed.filter(
    ({ listener: { port } }) => services.has(port) && !downPorts.has(port) && !kept.has(port),
  );
  const unexplained = intervals.filter((one) => !restarts.some((restart) => isDuring(one, restart, to)));
  const count = unexplained.reduce(
    (sum, { increases }) => sum + (increases.get(MEASURES.resetsSent) ?? 0),
    0,
  );
  const { listener, goneMs } = found;
  return { listener, goneMs, refused: { count, z: zOf(count, minutesOf(unexplained)) } };
}

/** Those that nobody replaced before others, and of these the newest. */
function allClosed(listeners: readonly ObservedListener[], to: number): Closed[] {
  const closed = listeners.flatMap((listener): Closed[] => {
    const { closedAt, port } = listener;
    if (closedAt === null || to - closedAt > CLOSED_MAX_MS) return [];
    const goneMs = to - closedAt;
    const others = listeners.filter((other) => other.port === port && other.closedAt === null);
    // One that was there before goes on: the port was never closed.
    const back = others.map(({ openedAt }) => (openedAt === null ? goneMs : to - openedAt));
    return [{ listener, goneMs, backMs: back.length === 0 ? null : Math.max(...back) }];
  });
  return closed.sort((a, b) => Number(a.backMs !== null) - Number(b.backMs !== null) || a.goneMs - b.goneMs);
}

/** The first of each port. */
function newestOfPorts(sorted: readonly Closed[]): Closed[] {
  const ports = new Set<number>();
  return sorted.filter(({ listener: { port } }) => {
    const isFirst = !ports.has(port);
    ports.add(port);
    return isFirst;
  });
}

/** Whether the port was closed in a part of the interval. */
function isDuring(interval: ObservedInterval, { goneMs, backMs }: Closed, to: number): boolean {
  return interval.to >= to - goneMs && (backMs === null || interval.from < to - backMs);
}
