import type { Db } from "../store/client.ts";
import { storeFault } from "../store/errors.ts";
import { type HostSeen, touchHosts } from "../store/host-status.ts";
import type { Logger } from "../telemetry/log.ts";

const FLUSH_MS = 1_000;

/**
 * When hosts were last heard of, written once a second for all of them together and not with each push. A
 * crash loses a second of it, which the next push mends.
 */
export class Presence {
  readonly #db: Db;
  readonly #log: Logger;
  #seen = new Map<number, HostSeen>();
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();

  constructor(db: Db, log: Logger) {
    this.#db = db;
    this.#log = log;
  }

  /** Of two sections of one push the later holds: it is of the newer epoch, and has the agent's health. */
  saw(host: HostSeen): void {
    const known = this.#seen.get(host.hostId);
    if (known === undefined || known.lastSeen <= host.lastSeen) this.#seen.set(host.hostId, host);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, FLUSH_MS);
  }

  /** Writes what has been gathered; a failure is logged and mended by the hosts' next pushes. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const seen = [...this.#seen.values()];
    this.#seen = new Map();
    if (seen.length > 0) {
      this.#flushing = this.#flushing
        .then(() => this.#write(seen))
        .catch((error: unknown) => this.#log.warn({ err: error }, "cannot write when hosts were last seen"));
    }
    return this.#flushing;
  }

  /** All in one statement; where that fails for a fault of one, each alone. */
  async #write(seen: readonly HostSeen[]): Promise<void> {
    try {
      await touchHosts(this.#db, seen);
    } catch (error) {
      if (seen.length === 1 || storeFault(error) === "unavailable") throw error;
      for (const one of seen) {
        await this.#write([one]).catch((cause: unknown) =>
          this.#log.warn({ err: cause, host: one.hostId }, "cannot write when a host was last seen"),
        );
      }
    }
  }
}
