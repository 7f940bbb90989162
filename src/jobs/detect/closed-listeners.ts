import type { Cause } from "../../detect/diagnosis/cause.ts";
import type { NamespaceWindow, ObservedListener } from "../../detect/diagnosis/window.ts";
import { listenerKey } from "../../rates/listeners.ts";

/** So many are remembered of one namespace: there are hosts that open and close ports all day. */
const REMEMBERED_MAX = 50;

/**
 * A window with listeners that were seen to close before it, where it does not show them itself. It shows the less of
 * how long they were open, the longer that is ago: the most that was seen of it holds.
 */
export function withClosed(window: NamespaceWindow, closed: readonly ObservedListener[]): NamespaceWindow {
  if (closed.length === 0) return window;
  const known = new Map(closed.map((listener) => [listenerKey(listener), listener]));
  const shown = window.listeners.map((own) => {
    const before = known.get(listenerKey(own));
    known.delete(listenerKey(own));
    const isSame = before !== undefined && before.closedAt === own.closedAt;
    return isSame ? { ...own, listedMs: Math.max(listedMsOf(before), listedMsOf(own)) } : own;
  });
  return { ...window, listeners: [...shown, ...known.values()] };
}

/**
 * The listeners that are to be remembered for the next window: those that were closed, while that is the cause of what
 * is the matter, and then those on whose ports nothing listens yet. Of too many, those that were open longest.
 */
export function closedIn({ listeners }: NamespaceWindow, cause: Cause): readonly ObservedListener[] {
  const closed = listeners.filter(({ closedAt }) => closedAt !== null);
  if (cause === "SERVICE_DOWN" || cause === "RESTART") return longest(closed);
  const open = new Set(listeners.flatMap(({ port, closedAt }) => (closedAt === null ? [port] : [])));
  return longest(closed.filter(({ port }) => !open.has(port)));
}

function longest(closed: readonly ObservedListener[]): readonly ObservedListener[] {
  if (closed.length <= REMEMBERED_MAX) return closed;
  const sorted = [...closed].sort(
    (a, b) => listedMsOf(b) - listedMsOf(a) || (b.closedAt ?? 0) - (a.closedAt ?? 0),
  );
  return sorted.slice(0, REMEMBERED_MAX);
}

/** What was remembered before it was known was open for long. */
function listedMsOf({ listedMs }: ObservedListener): number {
  return listedMs ?? Number.MAX_SAFE_INTEGER;
}
