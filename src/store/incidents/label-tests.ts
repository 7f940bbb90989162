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
  const valuesByName = new Map<string, readonly string[]>();
  const conditions: Prisma.Sql[] = [];
  // One after the other: one question takes one connection.
  for (const { name, op, value, matches } of tests) {
    const label = Prisma.sql`coalesce(i.labels ->> ${name}::text, '')`;
    if (op === "EQ") conditions.push(Prisma.sql`${label} = ${value}`);
    else if (op === "NE") conditions.push(Prisma.sql`${label} <> ${value}`);
    else {
      const values = valuesByName.get(name) ?? (await valuesOf(db, label));
      valuesByName.set(name, values);
      const matching = values.filter((one) => matches(() => one));
      conditions.push(Prisma.sql`${label} = ANY(${matching}::text[])`);
    }
  }
  return conditions;
}

async function valuesOf(db: Db, label: Prisma.Sql): Promise<string[]> {
  const rows = await db.$queryRaw<{ value: string }[]>`SELECT DISTINCT ${label} AS value FROM incident i`;
  return rows.map(({ value }) => value);
}
