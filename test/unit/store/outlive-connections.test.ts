import { expect, onTestFinished, test } from "vitest";
import { inTransaction } from "../../../src/store/client.ts";
import { storeFault } from "../../../src/store/errors.ts";
import { listen, READY } from "../../support/deaf-postgres.ts";
import { openTestStore } from "../../support/open-store.ts";

/** What a server says to every connection when it stops. */
function goodbye(): Buffer {
  const fields = Buffer.from(
    "SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0",
    "latin1",
  );
  const head = Buffer.from("E\0\0\0\0", "latin1");
  head.writeInt32BE(4 + fields.length, 1);
  return Buffer.concat([head, fields]);
}

test("a server that stops in the moment in which it lets us in fails what was asked, and nothing else", async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  process.on("uncaughtExceptionMonitor", note);
  onTestFinished(() => void process.off("uncaughtExceptionMonitor", note));

  const port = await listen((socket) =>
    socket.once("data", () => socket.end(Buffer.concat([READY, goodbye()]))),
  );
  const store = openTestStore(`postgresql://u@127.0.0.1:${port}/d`);
  onTestFinished(() => store.close());
  for (const ask of [
    () => store.db.$queryRawUnsafe("SELECT 1"),
    () => inTransaction(store.db, (tx) => tx.$queryRawUnsafe("SELECT 1")),
  ]) {
    const error = await ask().catch((reason: unknown) => reason);
    expect(storeFault(error)).toBe("unavailable");
  }
  expect(uncaught).toEqual([]);
});
