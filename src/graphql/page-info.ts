import { SpillwayError } from "../errors.ts";
import { builder } from "./builder.ts";
import { PAGE_MAX } from "./limits.ts";

export interface PageInfoShape {
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly startCursor: string | null;
  readonly endCursor: string | null;
}

export const PageInfo = builder.objectRef<PageInfoShape>("PageInfo").implement({
  description: "Where a page lies in its list (Relay cursor connections).",
  fields: (t) => ({
    hasNextPage: t.exposeBoolean("hasNextPage"),
    hasPreviousPage: t.exposeBoolean("hasPreviousPage"),
    startCursor: t.exposeString("startCursor", { nullable: true, description: "Null on an empty page." }),
    endCursor: t.exposeString("endCursor", { nullable: true, description: "Null on an empty page." }),
  }),
});

/** The last moment that a date may have, ms since 1970; no id is as high. */
const LATEST_MS = 8.64e15;

/** @throws BAD_REQUEST for a page that is negative or too long */
export function requirePage(first: number | null | undefined): number {
  const size = first ?? 50;
  if (size >= 0 && size <= PAGE_MAX) return size;
  throw new SpillwayError("BAD_REQUEST", `first: ${size} is not a page size: ask for 0 to ${PAGE_MAX}`);
}

export function encodeCursor(key: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

/** @throws BAD_REQUEST for what is not a cursor */
export function decodeCursor(cursor: string): readonly unknown[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(key)) return key;
  } catch {
    // Told below, like any other form that is not ours.
  }
  throw new SpillwayError(
    "BAD_REQUEST",
    `"${cursor.slice(0, 60)}" is not a cursor: pass on one that an edge gave`,
  );
}

/**
 * The whole numbers that the key of a keyset page is made of, as its cursors hold them.
 *
 * @param what the list, for the error
 * @throws BAD_REQUEST for a cursor of another list
 */
export function numbersOfCursor(cursor: string, length: number, what: string): number[] {
  const key = decodeCursor(cursor);
  const numbers = key.filter(
    (one): one is number => Number.isInteger(one) && (one as number) >= 0 && (one as number) <= LATEST_MS,
  );
  if (key.length === length && numbers.length === length) return numbers;
  throw new SpillwayError("BAD_REQUEST", `the cursor "${cursor.slice(0, 60)}" is not one of ${what}`);
}
