/**
 * One service at a time works on a data directory. It holds an advisory lock in the server for its whole
 * life, on a connection used for nothing else: however the service dies, the lock is free at that moment,
 * even when the server lives on.
 */
import { Client } from "pg";
import { ROLE } from "./cluster.ts";
import { PORT } from "./layout.ts";

/** "SPWY" in ASCII, and the one thing that we lock in this class. */
const LOCK_CLASS = 0x53505759;
const LOCK_KEY = 1;

/** Of the database "postgres", so that the service's own can be dropped, restored and cloned. */
const LOCK_DATABASE = "postgres";

export interface Address {
  readonly socketDir: string;
  readonly password: string;
}

export interface ServiceLock {
  /** The connection that holds the lock. */
  readonly client: Client;
  /** Resolves when that connection is gone, and with it the lock. */
  readonly lost: Promise<void>;
  release(): Promise<void>;
}

export type LockAttempt =
  | { readonly kind: "got"; readonly lock: ServiceLock }
  /** @property by the process id of the service that holds it, as that service has said. */
  | { readonly kind: "held"; readonly by: number | undefined }
  | { readonly kind: "unreachable"; readonly error: Error };

export async function tryServiceLock(address: Address): Promise<LockAttempt> {
  const client = new Client({
    host: address.socketDir,
    port: PORT,
    user: ROLE,
    password: address.password,
    database: LOCK_DATABASE,
    application_name: `spillway service ${process.pid}`,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
    keepAlive: true,
  });
  // Without a listener, a connection that breaks later would end the process.
  client.on("error", () => undefined);
  const lost = new Promise<void>((resolve) => client.once("end", resolve));
  try {
    await client.connect();
    const { rows } = await client.query<{ locked: boolean }>(
      "SELECT pg_try_advisory_lock($1, $2) AS locked",
      [LOCK_CLASS, LOCK_KEY],
    );
    if (rows[0]?.locked === true)
      return { kind: "got", lock: { client, lost, release: () => close(client) } };
    const by = await holder(client);
    await close(client);
    return { kind: "held", by };
  } catch (error) {
    await close(client);
    return { kind: "unreachable", error: error instanceof Error ? error : new Error(String(error)) };
  }
}

async function holder(client: Client): Promise<number | undefined> {
  const { rows } = await client.query<{ application_name: string }>(
    `SELECT activity.application_name
       FROM pg_locks AS held JOIN pg_stat_activity AS activity USING (pid)
      WHERE held.locktype = 'advisory' AND held.granted
        AND held.classid::bigint = $1 AND held.objid::bigint = $2 AND held.objsubid = 2`,
    [LOCK_CLASS, LOCK_KEY],
  );
  const pid = Number(rows[0]?.application_name.replace(/^spillway service /, ""));
  return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
}

async function close(client: Client): Promise<void> {
  await client.end().catch(() => undefined);
}
