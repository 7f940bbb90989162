/** The time zone of sessions, where a pooler does not pass on what a connection asks for. */
import { expect } from "vitest";
import { inTransaction } from "../../src/store/client.ts";
import { requireUtc } from "../../src/store/require-utc.ts";
import { test } from "../support/store.ts";

test("sessions in UTC are taken, and those in another time zone refused with what to do", async ({
  store,
}) => {
  await expect(requireUtc(store.db)).resolves.toBeUndefined();
  await inTransaction(store.db, async (tx) => {
    await tx.$executeRaw`SET LOCAL TimeZone = 'Asia/Kolkata'`;
    await expect(requireUtc(tx)).rejects.toMatchObject({
      code: "CONFIGURATION",
      message: expect.stringMatching(/time zone Asia\/Kolkata.*ALTER ROLE ".+" SET timezone = 'UTC'/),
    });
  });
});
