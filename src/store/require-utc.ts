import { SpillwayError } from "../errors.ts";
import type { Db } from "./client.ts";

/**
 * Makes sure that minutes and hours are cut in UTC. Every connection asks for that as it is made (client.ts), and a
 * pooler may let it be asked in vain.
 *
 * @throws CONFIGURATION
 */
export async function requireUtc(db: Db): Promise<void> {
  const [row] = await db.$queryRaw<{ zone: string; user: string }[]>`
    SELECT current_setting('TimeZone') AS zone, current_user::text AS user`;
  if (row === undefined || /^(Etc\/)?(UTC|UCT|GMT)$/i.test(row.zone)) return;
  throw new SpillwayError(
    "CONFIGURATION",
    `the database's sessions are in the time zone ${row.zone}, though UTC was asked for, which a pooler before it ignores: ` +
      `ALTER ROLE "${row.user}" SET timezone = 'UTC', and restart the pooler`,
  );
}
