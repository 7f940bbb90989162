import type { Db } from "../store/client.ts";
import { sayGoodbye } from "../store/host-status.ts";
import { keepCapabilities } from "../store/hosts.ts";
import { keepSysctls } from "../store/namespaces.ts";
import type { Presence } from "./presence.ts";

interface WithSysctls {
  readonly namespaceId: number;
  readonly at: number;
  readonly sysctls: Readonly<Record<string, string>> | null;
}

/** What a host's section says besides its snapshots. */
export interface HostSaid {
  readonly hostId: number;
  readonly capabilities?:
    | readonly { name: string; available: boolean; reason?: string | undefined }[]
    | undefined;
  readonly goodbye?: "leaving" | "restarting" | undefined;
}

/** What agents say seldom, and once: settings that changed, what they can see, goodbyes. */
export class Facts {
  readonly #db: Db;
  readonly #presence: Presence;
  readonly #now: () => number;

  constructor(db: Db, presence: Presence, now: () => number) {
    this.#db = db;
    this.#presence = presence;
    this.#now = now;
  }

  /** @throws what the driver throws when it cannot be kept: the push is sent again, its snapshots duplicates then */
  async keep(rows: readonly WithSysctls[], hosts: readonly HostSaid[]): Promise<void> {
    for (const { namespaceId, at, sysctls } of rows) {
      if (sysctls !== null) await keepSysctls(this.#db, namespaceId, sysctls, at);
    }
    for (const { hostId, capabilities, goodbye } of hosts) {
      if (capabilities !== undefined) {
        const list = capabilities.map(({ reason, ...rest }) => ({ ...rest, reason: reason ?? null }));
        await keepCapabilities(this.#db, hostId, list);
      }
      if (goodbye !== undefined) {
        // When it was last heard of is written first: a goodbye stands behind it.
        await this.#presence.flush();
        await sayGoodbye(this.#db, hostId, goodbye, this.#now());
      }
    }
  }
}
