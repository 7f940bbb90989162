/** What is to be judged while its shard is being judged: a job follows the one that is at work, on either backend. */
import { describe, expect, onTestFinished } from "vitest";
import { openQueueBackend, type QueueLocation } from "../../src/jobs/connection.ts";
import { judgeSoon } from "../../src/jobs/detect.ts";
import { closeQueues, openQueues } from "../../src/jobs/queues.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { test } from "../support/postgres.ts";
import { hasRedis, startRedis } from "../support/redis.ts";
import { waitFor } from "../support/wait.ts";

async function judgedWhileAtWork(location: QueueLocation): Promise<void> {
  const backend = await openQueueBackend(location, createLog("silent"));
  onTestFinished(() => backend.close());
  const queues = await openQueues(backend);
  onTestFinished(() => closeQueues(queues));
  const begun: unknown[] = [];
  let holds = true;
  const worker = await backend.worker(
    "detect",
    async ({ data }) => {
      begun.push(data);
      if (begun.length === 1) await waitFor("the job to be let go", () => !holds, { timeoutMs: 60_000 });
    },
    { concurrency: 2 },
  );
  onTestFinished(() => worker.close());
  const soon = () => judgeSoon(queues, [7]);
  const counts = () => queues.detect.getJobCounts("wait", "active", "delayed", "failed");

  await soon();
  await waitFor("the job to be at work", () => begun.length === 1, { timeoutMs: 60_000 });
  for (let time = 0; time < 3; time++) await soon();
  expect(await counts()).toEqual({ wait: 0, active: 1, delayed: 0, failed: 0 });
  holds = false;
  await waitFor("the job that follows", () => begun.length === 2, { timeoutMs: 60_000 });
  await waitFor("all to be done", async () => Object.values(await counts()).every((jobs) => jobs === 0), {
    timeoutMs: 60_000,
  });
  expect(begun).toEqual([{ shard: 7 }, { shard: 7 }]);

  // It was the last: the next is a job like the first.
  await soon();
  await waitFor("the next job", () => begun.length === 3, { timeoutMs: 60_000 });
}

describe("a shard that is being judged is judged once more when there is more of it", () => {
  test("with the queues in Postgres", ({ databaseUrl }) => judgedWhileAtWork({ databaseUrl }));

  test.runIf(hasRedis)("with the queues in Redis (where redis-server is found)", async () => {
    const redis = await startRedis();
    onTestFinished(() => redis.stop());
    await judgedWhileAtWork({ redisUrl: redis.url });
  });
});
