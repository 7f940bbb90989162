import { plain, span } from "../words.ts";
import { nameOf } from "./focus.ts";
import { MEASURES } from "./measures.ts";
import { keptPorts, servicePorts } from "./services.ts";
import { minutesOf, type NamespaceWindow, type ObservedListener } from "./window.ts";

/** A port that is closed for so long is no restart any more. */
export const RESTART_MS = 60_000;

/** Listeners that were closed together, as far as was seen: a later window shows less of it. */
export interface SeenRestart {
  /** When they were seen to be gone first, ms since 1970: it names the restart. */
  readonly from: number;
  /** What was closed, as it is named to people. */
  readonly listeners: readonly string[];
  /** Connections reset between then and when all ports were open again, beyond what is usual. */
  readonly resets: number;
  /** When all their ports were open again; null while one is not. */
  readonly backAt: number | null;
  /** When it was over: with the last port open, or no restart any more. Null while it lasts. */
  readonly endedAt: number | null;
}

/**
 * The restarts that a window shows, the oldest first, with what is known of them from the windows before. A listener
 * beside which another one goes on listening on its port was not restarted, and a port that came and went is none.
 *
 * @param usualResets connections that are reset in a minute when nothing is the matter; 0 where that is not known
 */
export function seenRestarts(
  window: NamespaceWindow,
  usualResets: number,
  before: readonly SeenRestart[],
): SeenRestart[] {
  const { listeners } = window;
  const to = window.intervals.at(-1)?.to ?? 0;
  const open = listeners.filter(({ closedAt }) => closedAt === null);
  const [services, kept] = [servicePorts(listeners), keptPorts(listeners)];
  const together = new Map<number, ObservedListener[]>();
  for (const listener of listeners) {
    const { closedAt, port } = listener;
    if (closedAt === null || !services.has(port) || kept.has(port)) continue;
    together.set(closedAt, [...(together.get(closedAt) ?? []), listener]);
  }
  return [...together]
    .sort(([a], [b]) => a - b)
    .map(([from, closed]) => {
      const known = before.find((one) => one.from === from);
      const backAt = known?.backAt ?? backOf(closed, open, from);
      const resets = resetsWithin(window, from, backAt ?? to, usualResets);
      return {
        from,
        listeners: known?.listeners ?? closed.map(nameOf).sort(),
        resets: Math.max(resets, known?.resets ?? 0),
        backAt,
        endedAt: backAt ?? (to - from >= RESTART_MS ? from + RESTART_MS : null),
      };
    });
}

/** A restart in a sentence with its numbers, and what to do against what it cost. */
export function restartWords({ from, listeners, resets, backAt }: SeenRestart): string {
  const [one, ...others] = listeners;
  const what = others.length === 0 ? `The listener ${one} was` : `The listeners ${listeners.join(", ")} were`;
  const later = backAt === null || backAt <= from ? "" : ` ${span(backAt - from)} later`;
  const again = backAt === null ? "" : `, and opened again${later}`;
  if (resets === 0) return `${what} closed${again}.`;
  const cost = resets === 1 ? "1 connection was reset" : `${plain(resets)} connections were reset`;
  return `${what} closed${again}: ${cost}. Drain before closing, or hand the socket to the next process.`;
}

/** When the last of the ports was open again; null while one is not. */
function backOf(
  closed: readonly ObservedListener[],
  open: readonly ObservedListener[],
  from: number,
): number | null {
  const times = closed.map(({ port }) =>
    Math.min(
      ...open.flatMap((other) => (other.port === port && other.openedAt !== null ? other.openedAt : [])),
    ),
  );
  const last = Math.max(...times);
  return Number.isFinite(last) ? Math.max(from, last) : null;
}

function resetsWithin({ intervals }: NamespaceWindow, from: number, to: number, usual: number): number {
  // The interval that ends with the list without it is the one in which it was closed.
  const within = intervals.filter((one) => one.to >= from && one.from < to);
  const resets = within.reduce((sum, { increases }) => sum + (increases.get(MEASURES.resets) ?? 0), 0);
  return Math.max(0, Math.round(resets - usual * minutesOf(within)));
}
