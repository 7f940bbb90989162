/** Of one statement that deletes. */
export const ROWS_PER_STATEMENT = 1_000;
const STATEMENTS = 50;

/** Rows deleted, by table. */
export type ExpiredRows = Readonly<Record<string, number>>;

/**
 * Deletes up to ROWS_PER_STATEMENT rows again and again, a bounded number of times: what is left is for the next run.
 *
 * @returns how many were deleted
 */
export async function inBatches(deleteSome: () => PromiseLike<number>): Promise<number> {
  let sum = 0;
  for (let statement = 0; statement < STATEMENTS; statement++) {
    const count = await deleteSome();
    sum += count;
    if (count < ROWS_PER_STATEMENT) break;
  }
  return sum;
}
