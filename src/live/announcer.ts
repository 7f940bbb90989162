import type { Db } from "../store/client.ts";
import { notify } from "../store/notifications.ts";
import type { Logger } from "../telemetry/log.ts";
import { type Changed, encodeEvent, type LiveEvent } from "./events.ts";

/** What happens within this time is told together: a tick rolls up many shards. */
const GATHER_MS = 50;

/**
 * Tells the processes that serve what has changed, after it is committed. Nothing waits for it and nothing fails
 * with it: what is not heard, the next event or the listeners' own look mends.
 */
export class Announcer {
  readonly #db: Db;
  readonly #log: Logger;
  readonly #shards = new Set<number>();
  readonly #changed = { incidents: new Map<string, number>(), anomalies: new Map<string, number>() };
  #timer: NodeJS.Timeout | null = null;
  #telling: Promise<void> = Promise.resolve();

  constructor(db: Db, log: Logger) {
    this.#db = db;
    this.#log = log;
  }

  /** Minutes of a shard were written anew. */
  rolledUp(shard: number): void {
    this.#shards.add(shard);
    this.#soon();
  }

  /** Something with an id is at a new revision. */
  changed(kind: "incidents" | "anomalies", { id, revision }: Changed): void {
    const known = this.#changed[kind];
    known.set(id, Math.max(revision, known.get(id) ?? 0));
    this.#soon();
  }

  /** Tells what has gathered. */
  flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const payloads = this.#take().flatMap(encodeEvent);
    this.#telling = this.#telling.then(() => this.#tell(payloads));
    return this.#telling;
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS);
  }

  #take(): LiveEvent[] {
    const events: LiveEvent[] = [];
    if (this.#shards.size > 0) events.push({ kind: "rolledUp", shards: [...this.#shards] });
    this.#shards.clear();
    for (const kind of ["incidents", "anomalies"] as const) {
      const changed = [...this.#changed[kind]].map(([id, revision]) => ({ id, revision }));
      if (changed.length > 0) events.push({ kind, changed });
      this.#changed[kind].clear();
    }
    return events;
  }

  async #tell(payloads: readonly string[]): Promise<void> {
    try {
      for (const payload of payloads) await notify(this.#db, payload);
    } catch (error) {
      this.#log.warn({ err: error }, "cannot tell what has changed; who listens sees it a few seconds later");
    }
  }
}
