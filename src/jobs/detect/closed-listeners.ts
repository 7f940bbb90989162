import type { Cause } from "../../detect/diagnosis/cause.ts";
import type { NamespaceWindow, ObservedListener } from "../../detect/diagnosis/window.ts";
import { listenerKey } from "../../rates/listeners.ts";

/** A window with listeners that were seen to close before it, where it does not show them itself. */
export function withClosed(window: NamespaceWindow, closed: readonly ObservedListener[]): NamespaceWindow {
  const shown = new Set(window.listeners.map(listenerKey));
  const older = closed.filter((listener) => !shown.has(listenerKey(listener)));
  return older.length === 0 ? window : { ...window, listeners: [...window.listeners, ...older] };
}

/**
 * The listeners that are to be remembered for the next window: those that were closed, while that is the cause of what
 * is the matter, and then those on whose ports nothing listens yet.
 */
export function closedIn({ listeners }: NamespaceWindow, cause: Cause): readonly ObservedListener[] {
  const closed = listeners.filter(({ closedAt }) => closedAt !== null);
  if (cause === "SERVICE_DOWN" || cause === "RESTART") return closed;
  const open = new Set(listeners.flatMap(({ port, closedAt }) => (closedAt === null ? [port] : [])));
  return closed.filter(({ port }) => !open.has(port));
}
