import type { Db } from "../client.ts";
import { keptAnswer } from "./deliveries.ts";

/** How a receiver does. Times are ms since 1970. */
export interface ReceiverStateRecord {
  readonly name: string;
  /** Fingerprint of the settings with which it was tried. */
  readonly settings: string;
  readonly triedAt: number;
  /** Null when the last attempt succeeded. */
  readonly failingSince: number | null;
  readonly status: number | null;
  readonly answer: string;
  /** Null unless the far end wants nothing more. */
  readonly disabledAt: number | null;
}

export interface ReceiverAnswer {
  readonly name: string;
  readonly settings: string;
  /** Whether it was sent a test. */
  readonly test: boolean;
  readonly delivered: boolean;
  readonly status: number | null;
  readonly answer: string;
  /** Whether the far end wants nothing more. */
  readonly disable: boolean;
}

/**
 * Keeps what a receiver's far end answered last. One that wanted nothing more stays disabled until its settings change or
 * it takes a test, whatever comes of what was on its way to it.
 *
 * @param now ms since 1970
 * @returns whether it was disabled, and by this answer is in use again
 */
export async function keepAnswer(tx: Db, answered: ReceiverAnswer, now: number): Promise<boolean> {
  const { name, settings, test, delivered, status, answer, disable } = answered;
  const at = new Date(now);
  const [known] = await tx.$queryRaw<{ isDisabled: boolean }[]>`
    SELECT disabled_at IS NOT NULL AS "isDisabled" FROM receiver_state
    WHERE name = ${name} AND settings = ${settings} FOR UPDATE`;
  const wasDisabled = known?.isDisabled === true;
  const isBack = wasDisabled && test && delivered;
  await tx.$executeRaw`
    INSERT INTO receiver_state AS known (name, settings, tried_at, failing_since, status, answer, disabled_at)
    VALUES (${name}, ${settings}, ${at}, ${delivered ? null : at}::timestamptz, ${status}::int,
            ${keptAnswer(answer)}, ${disable ? at : null}::timestamptz)
    ON CONFLICT (name) DO UPDATE SET
      settings = excluded.settings, tried_at = excluded.tried_at, status = excluded.status,
      answer = excluded.answer,
      disabled_at = CASE WHEN ${wasDisabled && !isBack}::boolean THEN known.disabled_at ELSE excluded.disabled_at END,
      failing_since = CASE WHEN excluded.failing_since IS NULL THEN NULL
                           ELSE COALESCE(known.failing_since, excluded.failing_since) END`;
  return isBack;
}

/** By the receiver's name; those that were tried. */
export async function receiverStates(db: Db): Promise<Map<string, ReceiverStateRecord>> {
  const rows = await db.receiverState.findMany();
  return new Map(
    rows.map((row) => [
      row.name,
      {
        ...row,
        triedAt: row.triedAt.getTime(),
        failingSince: row.failingSince?.getTime() ?? null,
        disabledAt: row.disabledAt?.getTime() ?? null,
      },
    ]),
  );
}
