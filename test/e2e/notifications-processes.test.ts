/** Notifications of a service in two processes, one that serves and one that works, each of which has the same file. */
import { expect } from "vitest";
import { startFarEnd } from "../support/far-end.ts";
import { judge } from "../support/incidents.ts";
import { receiversFile } from "../support/receivers-file.ts";
import { startService } from "../support/service.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

/** To be told takes a tick, and on a machine that is busy a while. */
const LONG = { timeoutMs: 90_000 };

test("at SIGHUP both read the file again: one shows and tests the new receivers, the other tells them", async ({
  store: { db },
  databaseUrl,
}) => {
  const [first, second] = [await startFarEnd(), await startFarEnd()];
  const file = await receiversFile();
  await file.write({ first: first.url });
  const env = { SPILLWAY_RECEIVERS_FILE: file.path };
  const serving = await startService({ databaseUrl, role: "serve", env });
  const working = await startService({ databaseUrl, role: "work", env });
  const names = async (): Promise<string[]> => {
    const { data } = await serving.graphql("{ receivers { name } }");
    return data.receivers.map(({ name }: { name: string }) => name);
  };
  const open = async (dedupKey: string) => {
    const now = Date.now();
    await judge(db, { dedupKey, startedAt: now, judgedAt: now });
  };
  expect(await names()).toEqual(["first"]);
  await open("a");
  await waitFor("the first to be told by the worker", () => first.asked.length === 1, LONG);

  await file.write({ first: first.url, second: second.url });
  serving.process.kill("SIGHUP");
  await waitFor("the new one to be shown", async () => (await names()).includes("second"));
  const { data } = await serving.graphql(
    'mutation { testReceiver(name: "second") { status lastStatus lastAnswer } }',
  );
  expect(data.testReceiver).toEqual({ status: "DELIVERED", lastStatus: 200, lastAnswer: "200: ok" });
  // The worker has read nothing yet.
  await open("b");
  await waitFor("the first to be told of one more", () => first.asked.length === 2, LONG);
  expect(second.asked).toHaveLength(1);

  working.process.kill("SIGHUP");
  await waitFor("the new one to hear of all that goes on", () => second.asked.length === 3, LONG);

  await file.writeText("route: {receiver: nobody}\nreceivers: []\n");
  for (const one of [serving, working]) {
    one.process.kill("SIGHUP");
    await waitFor("the fault to be told, with its line", () => one.output().includes(`${file.path}:1:19`));
  }
  expect(await names()).toEqual(["first", "second"]);
  await open("c");
  await waitFor(
    "both to be told as before",
    () => first.asked.length === 3 && second.asked.length === 4,
    LONG,
  );

  for (const one of [working, serving]) expect(await one.stop()).toBe(0);
  await Promise.all([first.close(), second.close(), file.remove()]);
});
