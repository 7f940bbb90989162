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
   * news to the service at the next.
   *
   * @param nowMs of a clock that does not step.
   * @param everyMs the time between lists: a minute is up when it is nearer now than at the next one.
   */
  reduce(list: WireListeners, nowMs: number, everyMs: number): WireListeners;
}

export function createPartialLists(): PartialLists {
  let told = new Map<string, WireListener>();
  let completeAtMs = Number.NEGATIVE_INFINITY;

  function tell(list: WireListeners): WireListeners {
    for (const socket of list.sockets) told.set(keyOf(socket), socket);
    return list;
  }

  return {
    reduce(list, nowMs, everyMs) {
      if (nowMs - completeAtMs >= COMPLETE_MS - Math.min(everyMs, COMPLETE_MS) / 2) {
        completeAtMs = nowMs;
        told = new Map();
        if (list.sockets.length <= LIMITS.listenersPerSnapshot) return tell(list);
      }
      const news = list.sockets.filter((socket) => {
        const before = told.get(keyOf(socket));
        return before === undefined || socket.peakQueue > 0 || !isSame(before, socket);
      });
      return tell({ ...list, complete: false, sockets: news.slice(0, LIMITS.listenersPerSnapshot) });
    },
  };
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
