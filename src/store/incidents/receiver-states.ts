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
  readonly delivered: boolean;
  readonly status: number | null;
  readonly answer: string;
  /** Whether the far end wants nothing more. */
  readonly disable: boolean;
}

/** Keeps what a receiver's far end answered last. @param now ms since 1970 */
export async function keepAnswer(tx: Db, answered: ReceiverAnswer, now: number): Promise<void> {
  const { name, settings, delivered, status, answer, disable } = answered;
  const at = new Date(now);
  await tx.$executeRaw`
    INSERT INTO receiver_state AS known (name, settings, tried_at, failing_since, status, answer, disabled_at)
    VALUES (${name}, ${settings}, ${at}, ${delivered ? null : at}::timestamptz, ${status}::int,
            ${keptAnswer(answer)}, ${disable ? at : null}::timestamptz)
    ON CONFLICT (name) DO UPDATE SET
      settings = excluded.settings, tried_at = excluded.tried_at, status = excluded.status,
      answer = excluded.answer, disabled_at = excluded.disabled_at,
      failing_since = CASE WHEN excluded.failing_since IS NULL THEN NULL
                           ELSE COALESCE(known.failing_since, excluded.failing_since) END`;
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
