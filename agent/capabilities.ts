import { LIMITS } from "../src/protocol/limits.ts";
import type { WireCapability } from "../src/protocol/message.ts";
import { sendable } from "./text.ts";

/**
 * What this agent can see on this host and what it cannot: a zero that means "cannot see" must never be
 * sent, so what cannot be seen is said here, with the reason and the way to let it.
 */
export interface Capabilities {
  /**
   * @param name a stable word: `listeners.limits`, `collector.sockstat`, `root`.
   * @param reason why not and how to let it, a sentence; only of what is not available. Cut to the length
   * that the wire takes.
   */
  set(name: string, available: boolean, reason?: string): void;
  /** In the order of their names. The same array as long as nothing is different. */
  list(): readonly WireCapability[];
}

export function createCapabilities(): Capabilities {
  const known = new Map<string, WireCapability>();
  let listed: readonly WireCapability[] | null = null;
  return {
    set(name, available, reason) {
      const before = known.get(name);
      const why = available || reason === undefined ? undefined : sendable(reason, LIMITS.textLength);
      if (before?.available === available && before.reason === why) return;
      if (before === undefined && known.size >= LIMITS.capabilities) return;
      known.set(name, { name, available, ...(why === undefined ? {} : { reason: why }) });
      listed = null;
    },
    list() {
      listed ??= [...known.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return listed;
    },
  };
}
