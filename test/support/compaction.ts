/** Compaction as its jobs do it, without a queue; also a process of its own, to be killed in the middle. */
import { argv } from "node:process";
import { openStore, type PrismaClient } from "../../src/store/client.ts";
import { closeHour } from "../../src/store/compaction/close-hour.ts";
import { hoursToCompact, hoursToMerge, sealHour, shardsToStage } from "../../src/store/compaction/hours.ts";
import { mergeLate } from "../../src/store/compaction/merge-late.ts";
import { stageShard } from "../../src/store/compaction/stage-shard.ts";
import { Partitions } from "../../src/store/partitions.ts";

/** Compacts every hour that ended by `before`, and merges what is late. */
export async function compactAll(db: PrismaClient, before: number): Promise<void> {
  const partitions = new Partitions();
  for (const hour of await hoursToCompact(db, before)) {
    await partitions.ensure(db, "snapshot_hour", [hour]);
    while (!(await sealHour(db, hour)));
    for (const shard of await shardsToStage(db, hour)) await stageShard(db, hour, shard);
    await closeHour(db, hour);
  }
  await mergeAll(db);
}

export async function mergeAll(db: PrismaClient): Promise<void> {
  for (const hour of await hoursToMerge(db)) {
    const damaged: number[] = [];
    for (;;) {
      const outcome = await mergeLate(db, hour, damaged);
      if (outcome.kind === "done") damaged.push(...outcome.damaged);
      if (outcome.kind !== "done" || !outcome.more) break;
    }
  }
}

// node compaction.js <url> <before>: says "ready" and compacts.
const [, , url, before] = argv;
if (url?.startsWith("postgres") === true && before !== undefined) {
  const store = openStore({
    url,
    poolSize: 2,
    statementTimeoutMs: 20_000,
    applicationName: "compaction to be killed",
    onError: () => undefined,
  });
  await store.db.$queryRaw`SELECT 1`;
  process.stdout.write("ready\n");
  await compactAll(store.db, Number(before));
  await store.close();
}
