import { expect, onTestFinished, test } from "vitest";
import { startLocalAgent } from "../../../src/commands/local-agent.ts";
import { createLog } from "../../../src/telemetry/log.ts";
import { waitFor } from "../../support/wait.ts";

test("an agent that cannot be started is tried again, and does not hold up the stop", async () => {
  const { execPath } = process;
  process.execPath = "/nowhere/node";
  onTestFinished(() => {
    process.execPath = execPath;
  });
  const log = createLog("silent");
  const warned: unknown[] = [];
  log.warn = (fields: unknown) => void warned.push(fields);
  const stop = startLocalAgent({ server: "http://127.0.0.1:1", tokenFile: "/t", stateDir: "/s", log });
  await waitFor("the second try", () => warned.length === 2);
  expect(warned).toEqual([{ restartInMs: 2_000 }, { restartInMs: 4_000 }]);
  await stop(60_000);
});
