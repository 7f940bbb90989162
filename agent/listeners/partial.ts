import { LIMITS } from "../../src/protocol/limits.ts";
import type { WireListener, WireListeners } from "../../src/protocol/message.ts";

/** The service hears of every listener of a namespace this often, in ms. */
export const COMPLETE_MS = 60_000;

/** Leaves out of lists of listeners what the service knows already. */
export interface PartialLists {
  /**
   * Of a list of all listeners, those that must be said: all of them once a minute, and in between those that
   * are new, have changed, or had a connection waiting. On most hosts that is none of them, at 200 bytes each.
   * Where there are more than one list may have, it has the first of them, is not called complete, and the rest are
   * news to the service at the next. All are said again only once all have been said.
   *
   * @param nowMs of a clock that does not step.
   * @param everyMs the time between lists: a minute is up when it is nearer now than at the next one.
   */
  reduce(list: WireListeners, nowMs: number, everyMs: number): WireListeners;
}

export function createPartialLists(): PartialLists {
  let told = new Map<string, WireListener>();
  let completeAtMs = Number.NEGATIVE_INFINITY;
  /** The list before had no room for all that was news. */
  let isBehind = false;

  function tell(list: WireListeners): WireListeners {
    for (const socket of list.sockets) told.set(keyOf(socket), socket);
    return list;
  }

  return {
    reduce(list, nowMs, everyMs) {
      if (nowMs - completeAtMs >= COMPLETE_MS - Math.min(everyMs, COMPLETE_MS) / 2) {
        const isWhole = list.sockets.length <= LIMITS.listenersPerSnapshot;
        const begins = isWhole || !isBehind;
        if (begins) completeAtMs = nowMs;
        told = begins ? new Map() : stillThere(told, list.sockets);
        if (isWhole) {
          isBehind = false;
          return tell(list);
        }
      }
      const news = list.sockets.filter((socket) => {
        const before = told.get(keyOf(socket));
        return before === undefined || socket.peakQueue > 0 || !isSame(before, socket);
      });
      isBehind = news.length > LIMITS.listenersPerSnapshot;
      return tell({ ...list, complete: false, sockets: news.slice(0, LIMITS.listenersPerSnapshot) });
    },
  };
}

/** Those that were closed are forgotten, so that it grows with no number of them. */
function stillThere(
  told: ReadonlyMap<string, WireListener>,
  sockets: readonly WireListener[],
): Map<string, WireListener> {
  const there = new Set(sockets.map(keyOf));
  return new Map([...told].filter(([key]) => there.has(key)));
}

/** As the service tells them apart. */
function keyOf({ inode, address, port }: WireListener): string {
  return `${inode} ${address} ${port}`;
}

/** Once its queue is empty again, that is said too: its peak before differs from the one now. */
function isSame(a: WireListener, b: WireListener): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)] as (keyof WireListener)[]);
  for (const name of names) if (a[name] !== b[name]) return false;
  return true;
}
