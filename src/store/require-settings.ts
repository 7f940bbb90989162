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
 * what was committed before it, and what is committed outlives a crash. Every connection asks for all three as it is made
 * (client.ts), and a pooler may let it be asked in vain.
 *
 * @returns what to warn of: how the server may lose what it has committed; null where it may not
 * @throws CONFIGURATION
 */
export async function requireSettings(db: Db): Promise<string | null> {
  const [row] = await db.$queryRaw<SessionSettings[]>`
    SELECT current_user::text AS "user", current_setting('TimeZone') AS "timeZone",
           current_setting('default_transaction_isolation') AS isolation,
           current_setting('synchronous_commit') AS "synchronousCommit", current_setting('fsync') AS fsync`;
  if (row === undefined) return null;
  const fault = sessionFault(row);
  if (fault !== null) throw new SpillwayError("CONFIGURATION", fault);
  return serverFault(row);
}

/** What is wrong with the sessions, and what to do; null when nothing is. */
export function sessionFault({
  user,
  timeZone,
  isolation,
  synchronousCommit,
}: SessionSettings): string | null {
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
  if (synchronousCommit === "off") {
    return (
      `the database's sessions have synchronous_commit = off, though on ${ignored}: a crash would lose what agents have ` +
      `deleted, because it was acknowledged. ALTER ROLE "${user}" SET synchronous_commit = 'on', and restart the pooler`
    );
  }
  return null;
}

/** How the server may lose what it has committed, and what to do; null where it may not. No session can mend it. */
export function serverFault({ fsync }: Pick<SessionSettings, "fsync">): string | null {
  if (fsync !== "off") return null;
  return "the database has fsync = off: a power cut damages it, and what agents have deleted, because it was acknowledged, is lost. Set fsync = on in postgresql.conf and reload it";
}
