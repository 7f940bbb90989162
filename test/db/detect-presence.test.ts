/** Who is called silent, by what is stored of when hosts were heard of. */
import { describe, expect } from "vitest";
import { DEFAULT_SETTINGS } from "../../src/detect/settings.ts";
import { judgePresence } from "../../src/jobs/detect/judge-presence.ts";
import type { Store } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { sayGoodbye, touchHosts } from "../../src/store/host-status.ts";
import { append, detector, FULL, incidentsOf, MovingHost } from "../support/detection.ts";
import { newMember, type TestMember } from "../support/incidents.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;

async function members(
  store: Store,
  count: number,
  labels: Record<string, string> = {},
): Promise<TestMember[]> {
  const all: TestMember[] = [];
  for (let index = 0; index < count; index++) all.push(await newMember(store.db, `web-${index}`, labels));
  return all;
}

function heard({ db }: Store, hosts: readonly TestMember[], at: number): Promise<void> {
  const said = { lastSeen: at, epochId: 1, everyMs: 10_000, agentVersion: "1", clockSkewMs: 0, health: null };
  return touchHosts(
    db,
    hosts.map(({ hostId }) => ({ hostId, ...said })),
  );
}

function judge({ db }: Store, now: number) {
  const fleet = { read: () => new FleetView(db, () => now).read() };
  return judgePresence(
    {
      db,
      fleet,
      roleLabels: ["role"],
      settings: () => DEFAULT_SETTINGS,
      forgetting: { ephemeral: { name: "ephemeral", value: "true" } },
    },
    now,
  );
}

/** Judges each 5 s, as the schedule does, and these hosts are heard of meanwhile. */
async function pass(store: Store, from: number, to: number, heardOf: readonly TestMember[]): Promise<void> {
  for (let now = from; now <= to; now += 5_000) {
    if (heardOf.length > 0) await heard(store, heardOf, now);
    await judge(store, now);
  }
}

describe("a host that is not heard of", () => {
  test("is one incident after 90 s, and over when it has been heard of for five minutes", async ({
    store,
  }) => {
    const [silent, ...others] = await members(store, 6);
    if (silent === undefined) throw new Error("no host");
    await heard(store, [silent, ...others], T0);
    await pass(store, T0, T0 + 90_000, others);
    expect(await incidentsOf(store)).toEqual([]);
    await pass(store, T0 + 95_000, T0 + 3 * MINUTE, others);
    expect(await incidentsOf(store)).toMatchObject([
      {
        cause: "HOST_SILENT",
        status: "OPEN",
        title: "Nothing is heard: web-0",
        members: ["web-0"],
        kinds: ["OPENED"],
      },
    ]);
    await pass(store, T0 + 3 * MINUTE, T0 + 9 * MINUTE, [silent, ...others]);
    expect(await incidentsOf(store)).toMatchObject([{ status: "RESOLVED", kinds: ["OPENED", "RESOLVED"] }]);
  });

  test("raises nothing when it said that it leaves, or comes and goes by design", async ({ store }) => {
    const [left, ...others] = await members(store, 6);
    const [ephemeral] = await members(store, 1, { ephemeral: "true" });
    if (left === undefined || ephemeral === undefined) throw new Error("no host");
    await heard(store, [left, ephemeral, ...others], T0);
    await sayGoodbye(store.db, left.hostId, "leaving", T0 + 1_000);
    await pass(store, T0 + 5_000, T0 + 5 * MINUTE, others);
    expect(await incidentsOf(store)).toEqual([]);
  });

  test("has ten minutes when it said that it restarts", async ({ store }) => {
    const [restarting, ...others] = await members(store, 6);
    if (restarting === undefined) throw new Error("no host");
    await heard(store, [restarting, ...others], T0);
    await sayGoodbye(store.db, restarting.hostId, "restarting", T0 + 1_000);
    await heard(store, others, T0 + 10 * MINUTE);
    await judge(store, T0 + 10 * MINUTE);
    expect(await incidentsOf(store)).toEqual([]);
    await heard(store, others, T0 + 11 * MINUTE);
    await judge(store, T0 + 11 * MINUTE);
    expect(await incidentsOf(store)).toMatchObject([{ cause: "HOST_SILENT", members: ["web-0"] }]);
  });

  test("and is gone for good ends its incident", async ({ store }) => {
    const [silent, ...others] = await members(store, 6);
    if (silent === undefined) throw new Error("no host");
    await heard(store, [silent], T0);
    await heard(store, others, T0 + 3 * MINUTE);
    await judge(store, T0 + 3 * MINUTE);
    expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN" }]);
    await sayGoodbye(store.db, silent.hostId, "leaving", T0 + 3 * MINUTE);
    await judge(store, T0 + 3 * MINUTE + 5_000);
    expect(await incidentsOf(store)).toMatchObject([{ status: "RESOLVED" }]);
  });
});

test("a clock of the service that was ahead keeps nobody from being called silent once it is right", async ({
  store,
}) => {
  const [silent, ...others] = await members(store, 6);
  if (silent === undefined) throw new Error("no host");
  const ahead = T0 + 360 * MINUTE;
  await heard(store, [silent, ...others], T0);
  await judge(store, ahead);
  expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN", cause: "HOST_SILENT" }]);
  await pass(store, T0 + MINUTE, T0 + 20 * MINUTE, others);
  expect(await incidentsOf(store)).toMatchObject([
    { title: "Nothing is heard: 6 hosts", status: "RESOLVED" },
    { title: "Nothing is heard: web-0", status: "OPEN" },
  ]);
});

describe("a container that ends in the middle of a fault", () => {
  test("takes its incident with it, ten minutes after the last that came of it", async ({ store }) => {
    const host = await MovingHost.make(store, "web-1", T0);
    const container = await host.container();
    await append(store, await container.intervals(12, { accepted: 50 }));
    await append(store, await container.intervals(6, { overflows: 60, drops: 60 }, FULL));
    const ended = container.at;
    await detector(store).run(ended);
    expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN", cause: "APPLICATION_STALLED" }]);
    await pass(store, ended + 9 * MINUTE, ended + 9 * MINUTE, [host.member]);
    expect(await incidentsOf(store)).toMatchObject([{ status: "OPEN" }]);
    await pass(store, ended + 10 * MINUTE, ended + 10 * MINUTE, [host.member]);
    expect(await incidentsOf(store)).toMatchObject([{ status: "RESOLVED", kinds: ["OPENED", "RESOLVED"] }]);
  });
});

describe("hosts that fall silent together", () => {
  test("are one incident of the service's own ingest, judged once or by two at a time", async ({ store }) => {
    const hosts = await members(store, 8);
    await heard(store, hosts, T0);
    for (let now = T0; now <= T0 + 3 * MINUTE; now += 5_000)
      await Promise.all([judge(store, now), judge(store, now)]);
    const all = await incidentsOf(store);
    expect(all).toMatchObject([
      { cause: "HOST_SILENT", status: "OPEN", title: "Nothing is heard: 8 hosts", kinds: ["OPENED"] },
    ]);
    expect(all[0]?.members).toHaveLength(8);
    const [{ diagnosis } = { diagnosis: null }] = await store.db.incident.findMany();
    expect(diagnosis).toMatchObject({
      summary:
        "8 hosts of 8 fell silent at once: most likely it is Spillway's own ingest, or the network before it.",
      remedies: [expect.stringMatching(/\/readyz/), expect.stringMatching(/have in common/)],
    });
  });

  test("end as one when they are heard again, and one that is not is silent by itself", async ({ store }) => {
    const hosts = await members(store, 8);
    const [gone, ...others] = hosts;
    if (gone === undefined) throw new Error("no host");
    await heard(store, hosts, T0);
    await pass(store, T0 + 5_000, T0 + 2 * MINUTE, []);
    await pass(store, T0 + 2 * MINUTE + 5_000, T0 + 8 * MINUTE, others);
    expect(await incidentsOf(store)).toMatchObject([
      { title: "Nothing is heard: 8 hosts", status: "RESOLVED" },
      { title: "Nothing is heard: web-0", status: "OPEN", members: ["web-0"] },
    ]);
  });
});
