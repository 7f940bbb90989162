import { expect, onTestFinished, test } from "vitest";
import { inTransaction } from "../../../src/store/client.ts";
import { storeFault } from "../../../src/store/errors.ts";
import { fatal, listen, READY } from "../../support/deaf-postgres.ts";
import { openTestStore } from "../../support/open-store.ts";

const GOODBYE = fatal("57P01", "terminating connection due to administrator command");

test("a server that stops in the moment in which it lets us in fails what was asked, and nothing else", async () => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => void uncaught.push(error);
  process.on("uncaughtExceptionMonitor", note);
  onTestFinished(() => void process.off("uncaughtExceptionMonitor", note));

  const port = await listen((socket) =>
    socket.once("data", () => socket.end(Buffer.concat([READY, GOODBYE]))),
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
