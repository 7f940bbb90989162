/** Queues in Postgres while that refuses: a service must not stand, spin, or need to be started again. */
import { expect, onTestFinished } from "vitest";
import { openQueueBackend } from "../../src/jobs/connection.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { test } from "../support/postgres.ts";
import { PostgresProxy } from "../support/postgres-proxy.ts";
import { waitFor } from "../support/wait.ts";

async function open(databaseUrl: string) {
  const proxy = await PostgresProxy.open(databaseUrl);
  onTestFinished(() => proxy.close());
  const backend = await openQueueBackend({ databaseUrl: proxy.url }, createLog("silent"));
  onTestFinished(() => backend.close());
  return { proxy, backend };
}

test("a queue or a worker that cannot begin says so, and the next one can", async ({ databaseUrl }) => {
  const { proxy, backend } = await open(databaseUrl);
  proxy.full = true;
  await expect(backend.worker("rollup", async () => undefined, {})).rejects.toThrow(/too many clients/);
  await expect(backend.queue("rollup", {})).rejects.toThrow(/too many clients/);
  proxy.full = false;

  const done: string[] = [];
  const worker = await backend.worker("rollup", async ({ name }) => void done.push(name), {});
  onTestFinished(() => worker.close());
  const queue = await backend.queue("rollup", {});
  onTestFinished(() => queue.close());
  await queue.addBulk([{ name: "tick", data: {} }]);
  await waitFor("the job", () => done.length === 1);
});

test("a worker asks a server that refuses now and then, and goes on when it does not", async ({
  databaseUrl,
}) => {
  const { proxy, backend } = await open(databaseUrl);
  const done: unknown[] = [];
  let holds = true;
  const worker = await backend.worker(
    "rollup",
    async ({ data }) => {
      if (holds) await waitFor("the server to refuse", () => proxy.full);
      done.push(data);
    },
    { concurrency: 4 },
  );
  onTestFinished(() => worker.close());
  const queue = await backend.queue("rollup", {});
  onTestFinished(() => queue.close());
  await queue.addBulk([{ name: "tick", data: 1 }]);
  await waitFor("the job to be in hand", async () => (await queue.getJobCounts("active")).active === 1);
  proxy.full = true;
  proxy.cut();
  const began = performance.now();
  await waitFor("some questions", () => proxy.refused >= 20, { timeoutMs: 60_000 });
  // At once, and at once again, they would have been asked within some tens of milliseconds.
  expect(performance.now() - began).toBeGreaterThan(1_000);

  proxy.full = false;
  holds = false;
  await waitFor("the queue", () =>
    queue.addBulk([{ name: "tick", data: 2 }]).then(
      () => true,
      () => null,
    ),
  );
  await waitFor("the next job", () => done.includes(2), { timeoutMs: 60_000 });
});
