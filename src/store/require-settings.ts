import { SpillwayError } from "../errors.ts";
import type { Db } from "./client.ts";

/** What holds for the sessions of the service, as Postgres says it. */
export interface SessionSettings {
  readonly user: string;
  readonly timeZone: string;
  readonly isolation: string;
  readonly synchronousCommit: string;
  readonly fsync: string;
}

/**
 * Makes sure of what the service takes for granted: minutes and hours are cut in UTC, a statement of a transaction sees
 * what was committed before it, and what is committed outlives a crash. Every connection asks for the first two as it is
 * made (client.ts), and a pooler may let it be asked in vain.
 *
 * @throws CONFIGURATION
 */
export async function requireSettings(
  db: Db,
  { unsafe }: { readonly unsafe: boolean } = { unsafe: false },
): Promise<void> {
  const [row] = await db.$queryRaw<SessionSettings[]>`
    SELECT current_user::text AS "user", current_setting('TimeZone') AS "timeZone",
           current_setting('default_transaction_isolation') AS isolation,
           current_setting('synchronous_commit') AS "synchronousCommit", current_setting('fsync') AS fsync`;
  const fault = row === undefined ? null : (sessionFault(row) ?? (unsafe ? null : durabilityFault(row)));
  if (fault !== null) throw new SpillwayError("CONFIGURATION", fault);
}

/** What is wrong with the sessions, and what to do; null when nothing is. */
export function sessionFault({ user, timeZone, isolation }: SessionSettings): string | null {
  const ignored = "was asked for, which a pooler before it ignores";
  if (!/^(Etc\/)?(UTC|UCT|GMT)$/i.test(timeZone)) {
    return (
      `the database's sessions are in the time zone ${timeZone}, though UTC ${ignored}: ` +
      `ALTER ROLE "${user}" SET timezone = 'UTC', and restart the pooler`
    );
  }
  if (isolation !== "read committed") {
    return (
      `the database's transactions are ${isolation}, though read committed ${ignored}: ` +
      `ALTER ROLE "${user}" SET default_transaction_isolation = 'read committed', and restart the pooler`
    );
  }
  return null;
}

/** How the database may lose what it has acknowledged, and what to do; null when it may not. */
export function durabilityFault({ user, synchronousCommit, fsync }: SessionSettings): string | null {
  const lost = "snapshots that agents have deleted, because they were acknowledged, could be lost";
  const trial = "or, for a trial whose data may go, set SPILLWAY_UNSAFE_DATABASE=1";
  if (fsync === "off") {
    return `the database has fsync = off: with a power cut it is damaged, and ${lost}. Set fsync = on in postgresql.conf and reload it, ${trial}`;
  }
  if (synchronousCommit === "off") {
    return (
      `the database's sessions have synchronous_commit = off: with a crash ${lost}. ` +
      `ALTER ROLE "${user}" SET synchronous_commit = 'on', ${trial}`
    );
  }
  return null;
}
