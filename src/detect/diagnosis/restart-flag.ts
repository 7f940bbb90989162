import type { Flag } from "../flag.ts";
import { plain, span } from "../words.ts";
import { closedOf } from "./evidence.ts";
import { nameOf } from "./focus.ts";
import { MEASURES } from "./measures.ts";
import type { NamespaceWindow } from "./window.ts";

const DRAIN = " Drain before closing, or hand the socket to the next process.";

/** A restart as it was seen so far: a later window has less of it. */
export interface SeenRestart {
  /** When the listener was seen to be gone first, ms since 1970: it names the restart. */
  readonly from: number;
  /** Connections reset: those that waited in its queue, and those that were established. */
  readonly resets: number;
  /** When another one was opened on its port; null while none is. */
  readonly backAt: number | null;
}

/** The restart that a window shows, with what is known of it from the windows before. Null for a window without. */
export function seenRestart(window: NamespaceWindow, before: SeenRestart | null): SeenRestart | null {
  const { intervals, listeners } = window;
  const to = intervals.at(-1)?.to ?? 0;
  const closed = closedOf(listeners, to);
  if (closed === null) return null;
  const from = to - closed.goneMs;
  const known = before?.from === from ? before : null;
  const resets = intervals.reduce((sum, { increases }) => sum + (increases.get(MEASURES.resets) ?? 0), 0);
  return {
    from,
    resets: Math.max(resets, known?.resets ?? 0),
    backAt: known?.backAt ?? (closed.backMs === null ? null : Math.max(from, to - closed.backMs)),
  };
}

/** A restart in the form of what detectors find: nobody's incident, and a mark on the plots. */
export function restartFlag(window: NamespaceWindow, { from, resets, backAt }: SeenRestart): Flag | null {
  const to = window.intervals.at(-1)?.to ?? from;
  const closed = closedOf(window.listeners, to);
  if (closed === null) return null;
  const again =
    backAt === null
      ? ""
      : backAt > from
        ? `, and one was opened on its port ${span(backAt - from)} later`
        : ", and one was opened on its port";
  return {
    detector: "restart",
    series: "listener",
    from,
    to: backAt ?? to,
    observed: resets,
    expected: 0,
    low: 0,
    high: 0,
    z: 0,
    share: null,
    text: `The listener ${nameOf(closed.listener)} was closed${again}: ${plain(resets)} connections were reset.${resets > 0 ? DRAIN : ""}`,
  };
}
