import { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";
import { type LabelMatcher, labelPredicate } from "../host-filter.ts";

/**
 * Matchers on the labels of incidents `i`, as conditions. Patterns are RE2's and not the server's: they are tried
 * on the values that there are, and the condition names those that match.
 *
 * @throws BAD_REQUEST for a regular expression that is none, or too long
 */
export async function labelTests(db: Db, matchers: readonly LabelMatcher[]): Promise<Prisma.Sql[]> {
  const tests = matchers.map((matcher) => ({ ...matcher, matches: labelPredicate([matcher]) }));
  return Promise.all(
    tests.map(async ({ name, op, value, matches }) => {
      const label = Prisma.sql`coalesce(i.labels ->> ${name}::text, '')`;
      if (op === "EQ") return Prisma.sql`${label} = ${value}`;
      if (op === "NE") return Prisma.sql`${label} <> ${value}`;
      const values = await db.$queryRaw<
        { value: string }[]
      >`SELECT DISTINCT ${label} AS value FROM incident i`;
      const matching = values.map((one) => one.value).filter((one) => matches(() => one));
      return Prisma.sql`${label} = ANY(${matching}::text[])`;
    }),
  );
}
