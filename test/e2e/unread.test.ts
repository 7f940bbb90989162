/** A service whose log cannot be written and whose terminal nobody reads goes on: neither is what it is there for. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, inject, onTestFinished, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { endOf } from "../support/end-of.ts";
import { cleanEnvironment, withStore } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** @param stdio of standard output and standard error */
async function start(stdio: readonly ["pipe", "pipe" | number]) {
  const server = inject("postgresUrl");
  const database = await createDatabase(server);
  onTestFinished(() => dropDatabase(server, database));
  const databaseUrl = databaseUrlOf(server, database);
  const child = spawn(process.execPath, [MAIN, "serve"], {
    env: {
      ...cleanEnvironment(),
      DATABASE_URL: databaseUrl,
      SPILLWAY_PORT: "0",
      SPILLWAY_LOG_LEVEL: "trace",
    },
    stdio: ["ignore", ...stdio],
  });
  const ended = endOf(child);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  return { child, ended, databaseUrl };
}

test("a log on a full disk: it answers, and stops in order", async () => {
  const full = openSync("/dev/full", "w");
  const { child, ended } = await start(["pipe", full]);
  closeSync(full);
  let output = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const url = await waitFor(
    "the service to be ready",
    () => {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${output}`);
      return /Address +(http:\S+)/.exec(output)?.[1];
    },
    { timeoutMs: 60_000 },
  );
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});

test("a reader that has gone before it says where it is: it goes on until it is told to stop", async () => {
  const { child, ended, databaseUrl } = await start(["pipe", "pipe"]);
  child.stdout?.destroy();
  child.stderr?.resume();
  // It makes the link, and then says it.
  await withStore(databaseUrl, ({ db }) =>
    waitFor("the link that it says", async () => (await db.signInLink.count()) === 1, { timeoutMs: 60_000 }),
  );
  child.kill("SIGTERM");
  expect(await ended).toBe(0);
});
