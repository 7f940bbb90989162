import pg from "pg";
import type { Db } from "./client.ts";

/** One channel for all: a listener costs a connection, whatever it listens to. */
const CHANNEL = "spillway_live";
/** Postgres takes a payload of less than 8,000 bytes. */
export const PAYLOAD_BYTES_MAX = 7_900;

const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 5_000;
/** A connection that has died without a word is found by asking it something. */
const HEARTBEAT_MS = 10_000;
const ANSWER_MS = 5_000;

/** Tells every listening process; what nobody hears is gone. @param payload at most PAYLOAD_BYTES_MAX bytes */
export async function notify(db: Db, payload: string): Promise<void> {
  await db.$executeRaw`SELECT pg_notify(${CHANNEL}, ${payload})`;
}

export interface ListenOptions {
  readonly url: string;
  readonly onPayload: (payload: string) => void;
  /** The connection stands, for the first time or again: whatever was told before has been missed. */
  readonly onListening: () => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Hears what `notify` says, on a connection of its own, which is opened anew whenever it breaks.
 *
 * Behind a pooler that hands out a connection for each transaction nothing is ever heard: whoever listens must
 * also look by himself from time to time.
 */
export class Listening {
  readonly #options: ListenOptions;
  #client: pg.Client | null = null;
  #timer: NodeJS.Timeout | null = null;
  #retryMs = RETRY_MIN_MS;
  #closed = false;

  constructor(options: ListenOptions) {
    this.#options = options;
    void this.#open();
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    await client?.end().catch(() => undefined);
  }

  async #open(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#options.url,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      application_name: "spillway live",
    });
    this.#client = client;
    client.on("error", (error) => this.#lost(client, error));
    client.on("end", () => this.#lost(client, new Error("the connection that listens has ended")));
    client.on("notification", ({ payload }) => this.#options.onPayload(payload ?? ""));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      this.#lost(client, error);
      return;
    }
    if (this.#client !== client) return;
    this.#retryMs = RETRY_MIN_MS;
    this.#options.onListening();
    this.#later(HEARTBEAT_MS, () => void this.#beat(client));
  }

  async #beat(client: pg.Client): Promise<void> {
    try {
      await client.query("SELECT 1");
    } catch (error) {
      this.#lost(client, error);
      return;
    }
    if (this.#client === client) this.#later(HEARTBEAT_MS, () => void this.#beat(client));
  }

  /** A broken connection is told of once, however many ways it shows. */
  #lost(client: pg.Client, error: unknown): void {
    if (this.#client !== client) return;
    this.#client = null;
    void client.end().catch(() => undefined);
    if (this.#closed) return;
    this.#options.onError(error);
    this.#later(this.#retryMs, () => void this.#open());
    this.#retryMs = Math.min(RETRY_MAX_MS, 2 * this.#retryMs);
  }

  #later(ms: number, work: () => void): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(work, ms);
  }
}
