/** What one process tells the others, through Postgres. */
import { expect } from "vitest";
import { Announcer } from "../../src/live/announcer.ts";
import { LiveBus } from "../../src/live/bus.ts";
import type { LiveEvent } from "../../src/live/events.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

const log = createLog("silent");

test("changes are heard by every process, gathered, and by kind", async ({ store, databaseUrl }) => {
  const buses = [new LiveBus(databaseUrl, log), new LiveBus(databaseUrl, log)];
  const heard = buses.map((bus) => {
    const events: (LiveEvent | null)[] = [];
    bus.on("rolledUp", (event) => events.push(event));
    bus.on("incidents", (event) => events.push(event));
    return events;
  });
  await waitFor("both to listen", () => heard.every((events) => events.length === 2));
  const announcer = new Announcer(store.db, log);
  for (const shard of [3, 5, 3]) announcer.rolledUp(shard);
  announcer.changed("incidents", { id: "7", revision: 2 });
  announcer.changed("incidents", { id: "7", revision: 1 });
  announcer.changed("anomalies", { id: "9", revision: 1 });
  await announcer.flush();
  await waitFor("both to hear", () => heard.every((events) => events.length === 4));
  for (const events of heard) {
    expect(events).toEqual([
      null,
      null,
      { kind: "rolledUp", shards: [3, 5] },
      { kind: "incidents", changed: [{ id: "7", revision: 2 }] },
    ]);
  }
  await Promise.all(buses.map((bus) => bus.close()));
});

test("a connection that breaks is opened anew, and whoever listens is told that he may have missed something", async ({
  store,
  databaseUrl,
}) => {
  const bus = new LiveBus(databaseUrl, log);
  const events: (LiveEvent | null)[] = [];
  const end = bus.on("rolledUp", (event) => events.push(event));
  await waitFor("it to listen", () => events.length === 1);
  await store.db.$queryRaw`
    SELECT pg_terminate_backend(pid)::text FROM pg_stat_activity
    WHERE application_name = 'spillway live' AND datname = current_database()`;
  await waitFor("it to listen again", () => events.length === 2);
  const announcer = new Announcer(store.db, log);
  announcer.rolledUp(1);
  await waitFor("the event", () => events.length === 3);
  expect(events).toEqual([null, null, { kind: "rolledUp", shards: [1] }]);
  end();
  announcer.rolledUp(2);
  await announcer.flush();
  await bus.close();
  expect(events).toHaveLength(3);
});
