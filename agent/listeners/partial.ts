import type { WireListener, WireListeners } from "../../src/protocol/message.ts";

/** The service hears of every listener of a namespace this often, in ms. */
export const COMPLETE_MS = 60_000;

/** Leaves out of lists of listeners what the service knows already. */
export interface PartialLists {
  /**
   * Of a list of all listeners, those that must be said: all of them once a minute, and in between those that
   * are new, have changed, or had a connection waiting. On most hosts that is none of them, at 200 bytes each.
   *
   * @param nowMs of a clock that does not step.
   * @param everyMs the time between lists: a minute is up when it is nearer now than at the next one.
   */
  reduce(list: WireListeners, nowMs: number, everyMs: number): WireListeners;
}

export function createPartialLists(): PartialLists {
  let told = new Map<string, WireListener>();
  let completeAtMs = Number.NEGATIVE_INFINITY;
  return {
    reduce(list, nowMs, everyMs) {
      if (nowMs - completeAtMs >= COMPLETE_MS - Math.min(everyMs, COMPLETE_MS) / 2) {
        completeAtMs = nowMs;
        told = new Map(list.sockets.map((socket) => [keyOf(socket), socket]));
        return list;
      }
      const sockets = list.sockets.filter((socket) => {
        const before = told.get(keyOf(socket));
        return before === undefined || socket.peakQueue > 0 || !isSame(before, socket);
      });
      for (const socket of sockets) told.set(keyOf(socket), socket);
      return { ...list, complete: false, sockets };
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
