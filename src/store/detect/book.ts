import type { Prisma } from "../../generated/prisma/client.ts";
import type { Db } from "../client.ts";

const ONLY = 1;

/** The book as it was written, and the version of its form. */
export interface StoredBook {
  readonly version: number;
  readonly data: unknown;
}

/** The book, the caller's alone until its transaction ends; null when none was written yet. */
export async function lockBook(tx: Db): Promise<StoredBook | null> {
  // There is always a row to lock.
  await tx.$executeRaw`
    INSERT INTO detect_book (id, version, data) VALUES (${ONLY}::int, 0, 'null') ON CONFLICT DO NOTHING`;
  const [row] = await tx.$queryRaw<StoredBook[]>`
    SELECT version, data FROM detect_book WHERE id = ${ONLY}::int FOR UPDATE`;
  return row === undefined || row.data === null ? null : row;
}

/** The book as it is now, for a look; null when none was written yet. */
export async function readBook(db: Db): Promise<StoredBook | null> {
  const row = await db.detectBook.findUnique({ where: { id: ONLY }, select: { version: true, data: true } });
  return row === null || row.data === null ? null : row;
}

/** Called with the book locked. */
export async function writeBook(tx: Db, { version, data }: StoredBook): Promise<void> {
  await tx.detectBook.update({ where: { id: ONLY }, data: { version, data: data as Prisma.InputJsonValue } });
}
