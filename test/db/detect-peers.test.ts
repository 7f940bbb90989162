/** Hosts that differ from the others of their role, as the job finds them over the shards of a real store. */
import { expect } from "vitest";
import { judgePeersOfRoles } from "../../src/jobs/detect/judge-peers.ts";
import type { Store } from "../../src/store/client.ts";
import {
  append,
  detector,
  FULL,
  INTERVAL_MS,
  incidentsOf,
  type Moves,
  MovingHost,
} from "../support/detection.ts";
import { dying } from "../support/rollups.ts";
import { test } from "../support/store.ts";

const T0 = Date.UTC(2026, 10, 23, 12);
const MINUTE = 60_000;
const WINDOW = 5 * MINUTE;
const CALM: Moves = { accepted: 300, resets: 3 };
/** Its clients reset a hundred times as many. */
const RESET: Moves = { accepted: 300, resets: 300 };

async function role(store: Store, name: string, count: number): Promise<MovingHost[]> {
  const hosts: MovingHost[] = [];
  for (let index = 0; index < count; index++) {
    const host = await MovingHost.make(store, `${name}-${index}`, T0, { role: name });
    host.everyMs = MINUTE;
    hosts.push(host);
  }
  return hosts;
}

/** A window of 5 min in which the first hosts move otherwise than the rest. @returns when it can be judged */
async function window(store: Store, hosts: readonly MovingHost[], others: number): Promise<number> {
  for (const [index, host] of hosts.entries()) {
    await append(store, await host.intervals(5, index < others ? RESET : CALM));
  }
  const now = (hosts[0]?.at ?? 0) + 2 * MINUTE;
  await detector(store).rollUp(now);
  return now;
}

const judge = (store: Pick<Store, "db">, now: number) => judgePeersOfRoles(detector(store).deps, now);
const peersOf = ({ db }: Store) =>
  db.anomaly.findMany({ where: { detector: "peers" }, orderBy: { id: "asc" } });

test("a host that differs from its role is one anomaly for as long as it does, and no incident", async ({
  store,
}) => {
  const hosts = await role(store, "web", 6);
  await judge(store, await window(store, hosts, 0));
  expect(await peersOf(store)).toEqual([]);
  let now = await window(store, hosts, 1);
  expect(await judge(store, now)).toHaveLength(1);
  const [found] = await peersOf(store);
  expect(found).toMatchObject({
    hostId: hosts[0]?.member.hostId,
    namespaceId: hosts[0]?.member.namespaceId,
    counter: "TcpEstabResets",
    startedAt: new Date(T0 + WINDOW),
    endedAt: null,
    value: 1_500,
  });
  expect(found?.explanation).toBe(
    "300 EstabResets a minute, where the 5 other hosts of web have 3 in the middle.",
  );
  // The same window again, and by two at a time.
  expect(await judge(store, now)).toEqual([]);
  now = await window(store, hosts, 1);
  await Promise.all([judge(store, now), judge(store, now)]);
  expect(await peersOf(store)).toMatchObject([{ id: found?.id, endedAt: null }]);
  await judge(store, await window(store, hosts, 0));
  expect(await peersOf(store)).toMatchObject([{ id: found?.id, endedAt: new Date(T0 + 3 * WINDOW) }]);
  await detector(store).judge(now);
  expect(await incidentsOf(store)).toEqual([]);
});

test("it is the same when a worker is killed before whichever of its statements", async ({ store }) => {
  const hosts = await role(store, "web", 6);
  const now = await window(store, hosts, 1);
  for (let statement = 0; ; statement++) {
    await store.db.$executeRaw`TRUNCATE detect_peers, anomaly`;
    const survived = await judge({ db: dying(store.db, statement) }, now).then(
      () => true,
      () => false,
    );
    await judge(store, now);
    expect(await peersOf(store)).toMatchObject([{ value: 1_200, revision: 0 }]);
    if (survived) break;
  }
});

test("a fifth of a role that differs is a note of the role, recorded once", async ({ store }) => {
  const hosts = await role(store, "web", 12);
  await judge(store, await window(store, hosts, 5));
  await judge(store, await window(store, hosts, 5));
  expect(await peersOf(store)).toEqual([]);
  expect(await store.db.event.findMany()).toMatchObject([
    {
      kind: "NOTE",
      title:
        "5 hosts of the 12 of web (42 %) are far above the others in EstabResets: one event of the role.",
      at: new Date(T0),
      matchers: [{ name: "role", op: "EQ", value: "web" }],
      createdBy: "detection",
    },
  ]);
});

test("how a host differs is evidence of its incident, and says so in the diagnosis", async ({ store }) => {
  const hosts = await role(store, "web", 6);
  const [host] = hosts as [MovingHost];
  await judge(store, await window(store, hosts, 1));
  const { run } = detector(store);
  host.everyMs = INTERVAL_MS;
  await append(store, await host.intervals(6, CALM));
  await append(store, await host.intervals(6, { overflows: 60, drops: 60 }, FULL));
  await run(host.at);
  const [incident] = await incidentsOf(store);
  expect(incident).toMatchObject({ cause: "APPLICATION_STALLED", status: "OPEN" });
  expect(JSON.stringify(incident?.diagnosis)).toContain(
    "where the 5 other hosts of web have 3 in the middle",
  );
  expect(await peersOf(store)).toMatchObject([{ incidentId: incident?.id }]);
});
