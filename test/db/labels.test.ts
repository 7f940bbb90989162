import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { Registry } from "../../src/ingest/registry.ts";
import { SYSTEM_ACTOR } from "../../src/store/audit.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { FleetView } from "../../src/store/fleet-view.ts";
import { applyRules } from "../../src/store/labels/apply-rules.ts";
import { HostLabelHistory } from "../../src/store/labels/history.ts";
import { setHostLabels } from "../../src/store/labels/set.ts";
import { test } from "../support/store.ts";

const key = randomBytes(32).toString("base64url");

interface Said {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly forcedLabels?: Record<string, string>;
  readonly since?: number;
}

function pushOf(registry: Registry, agentId: string, said: Said, now = Date.now()) {
  const { name = "web-1", labels = {}, forcedLabels = {}, since = now } = said;
  return registry.host(agentId, key, { name, machineId: null, labels, forcedLabels }, { now, since });
}

/** The history as it is in the table: labels, and ms after the host's first sight. */
async function historyOf(db: PrismaClient, agentId: string) {
  const host = await db.host.findUniqueOrThrow({ where: { agentId } });
  const rows = await db.hostLabelHistory.findMany({ where: { hostId: host.id }, orderBy: { since: "asc" } });
  return rows.map(({ since, labels }) => ({ after: since.getTime() - host.firstSeen.getTime(), labels }));
}

async function shown(db: PrismaClient, agentId: string) {
  const { hosts } = await new FleetView(db, Date.now).read();
  return hosts.find((host) => host.agentId === agentId)?.labels;
}

describe("labels of a host", () => {
  test("come from four sources, by precedence, and show from the first sight on", async ({
    store: { db },
  }) => {
    const agentId = randomUUID();
    await applyRules(db, [{ match: "web-*", labels: { role: "file", tier: "file" } }], Date.now());
    const registry = new Registry(db);
    await pushOf(registry, agentId, {
      labels: { role: "agent", zone: "agent" },
      forcedLabels: { team: "forced" },
    });
    expect(await shown(db, agentId)).toEqual({ role: "file", tier: "file", zone: "agent", team: "forced" });
    expect(await historyOf(db, agentId)).toEqual([
      { after: 0, labels: { role: "file", tier: "file", zone: "agent", team: "forced" } },
    ]);

    await setHostLabels(db, SYSTEM_ACTOR, agentId, { team: "person", role: "person" }, Date.now() + 1_000);
    expect(await shown(db, agentId)).toMatchObject({ role: "person", team: "person" });
    await setHostLabels(db, SYSTEM_ACTOR, agentId, { role: "" }, Date.now() + 2_000);
    expect(await shown(db, agentId)).toMatchObject({ role: "file", team: "person" });
    expect((await historyOf(db, agentId)).map(({ labels }) => (labels as { role: string }).role)).toEqual([
      "file",
      "person",
      "file",
    ]);
    expect(await db.auditEntry.findMany({ orderBy: { id: "asc" } })).toMatchObject([
      { actor: "spillway", action: "host.setLabels", details: { agentId, labels: { team: "person" } } },
      { actor: "spillway", action: "host.setLabels", details: { agentId, labels: { role: "" } } },
    ]);
  });

  test("that a deploy changes hold from the push's oldest snapshot, and not before", async ({
    store: { db },
  }) => {
    const agentId = randomUUID();
    const registry = new Registry(db);
    await pushOf(registry, agentId, { labels: { version: "1" } });
    const { id, firstSeen } = await db.host.findUniqueOrThrow({ where: { agentId } });
    const seen = firstSeen.getTime();
    await pushOf(registry, agentId, { labels: { version: "2" }, since: seen + 50_000 }, seen + 60_000);
    // The backlog of before the host's newest labels does not undo them.
    await pushOf(registry, agentId, { labels: { version: "3" }, since: seen - 900_000 }, seen + 70_000);
    expect(await historyOf(db, agentId)).toEqual([
      { after: 0, labels: { version: "1" } },
      { after: 50_000, labels: { version: "2" } },
      { after: 50_001, labels: { version: "3" } },
    ]);
    const history = new HostLabelHistory(db, new FleetView(db, Date.now));
    const over = await history.over();
    expect([over({ id }).map(({ from }) => from - seen), over({ id: 999 })]).toEqual([
      [0, 50_000, 50_001],
      [],
    ]);
    expect(await history.read([id, 999], { from: seen - 1_000, to: seen + 50_001 })).toEqual(
      new Map([
        [
          id,
          [
            { from: seen - 1_000, labels: { version: "1" } },
            { from: seen + 50_000, labels: { version: "2" } },
          ],
        ],
      ]),
    );
  });

  test("said again, or by another process that has not heard of them, change nothing", async ({
    store: { db },
  }) => {
    const agentId = randomUUID();
    const [one, two] = [new Registry(db), new Registry(db)];
    const start = Date.now();
    await Promise.all([
      pushOf(one, agentId, { labels: { v: "1" } }, start),
      pushOf(two, agentId, { labels: { v: "1" } }, start),
    ]);
    const before = await db.host.findUniqueOrThrow({ where: { agentId } });
    for (const registry of [one, two, one])
      await pushOf(registry, agentId, { labels: { v: "1" } }, start + 1);
    expect(await db.host.findUniqueOrThrow({ where: { agentId } })).toEqual(before);
    expect(await historyOf(db, agentId)).toHaveLength(1);

    // Changed by way of the one, and back by way of the other, which believes that it was never otherwise.
    await pushOf(one, agentId, { labels: { v: "2" } }, start + 2);
    await pushOf(two, agentId, { labels: { v: "1" } }, start + 3);
    await pushOf(two, agentId, { labels: { v: "1" } }, start + 600_001);
    expect(await shown(db, agentId)).toEqual({ v: "1" });
    expect(await historyOf(db, agentId)).toHaveLength(3);
  });

  test("changed at the same time by several hands are all kept", async ({ store: { db } }) => {
    const agentId = randomUUID();
    const registry = new Registry(db);
    await pushOf(registry, agentId, {});
    const now = Date.now() + 1_000;
    await Promise.all([
      ...Array.from({ length: 8 }, (_, index) =>
        setHostLabels(db, SYSTEM_ACTOR, agentId, { [`set${index}`]: "1" }, now),
      ),
      applyRules(db, [{ match: "web-*", labels: { file: "1" } }], now),
      pushOf(registry, agentId, { labels: { agent: "1" } }, now),
    ]);
    const labels = await shown(db, agentId);
    expect(Object.keys(labels ?? {}).sort()).toEqual([
      "agent",
      "file",
      ...Array.from({ length: 8 }, (_, index) => `set${index}`),
    ]);
    const history = await historyOf(db, agentId);
    expect(history).toHaveLength(11);
    expect(history.at(-1)?.labels).toEqual(labels);
  });

  test("are refused by name, and so is a host that there is not", async ({ store: { db } }) => {
    const agentId = randomUUID();
    await expect(setHostLabels(db, SYSTEM_ACTOR, agentId, { role: "web" }, 0)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await pushOf(new Registry(db), agentId, {});
    for (const labels of [{ "1a": "x" }, { __meta: "x" }, { a: "\0" }, { a: "x".repeat(501) }]) {
      await expect(setHostLabels(db, SYSTEM_ACTOR, agentId, labels, 0)).rejects.toMatchObject({
        code: "BAD_REQUEST",
      });
    }
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`l${index}`, "x"]));
    await expect(setHostLabels(db, SYSTEM_ACTOR, agentId, many, 0)).rejects.toThrow(/at most 64/);
    expect(await shown(db, agentId)).toEqual({});
  });
});

describe("rules", () => {
  test("are applied to all hosts at once, with history for those that changed alone", async ({
    store: { db },
  }) => {
    const registry = new Registry(db);
    const ids = Array.from({ length: 5 }, () => randomUUID());
    for (const [index, agentId] of ids.entries()) await pushOf(registry, agentId, { name: `web-${index}` });
    const now = Date.now() + 1_000;
    const rules = [
      { match: "web-[0-9]", labels: { no: "glob" } },
      { match: "/web-[0-2]/", labels: { half: "first" } },
    ];
    expect(await applyRules(db, rules, now)).toBe(3);
    expect(await applyRules(db, rules, now + 1_000)).toBe(0);
    expect(await applyRules(db, [{ match: "web-2", labels: { half: "first" } }], now + 2_000)).toBe(2);
    expect(await Promise.all(ids.map((id) => shown(db, id)))).toEqual([{}, {}, { half: "first" }, {}, {}]);
    const lengths = await Promise.all(ids.map(async (id) => (await historyOf(db, id)).length));
    expect(lengths).toEqual([3, 3, 2, 1, 1]);
  });

  test("hold for a host that is made or renamed later, in whichever process", async ({ store: { db } }) => {
    await applyRules(db, [{ match: "db-*", labels: { role: "db" } }], Date.now());
    const agentId = randomUUID();
    const registry = new Registry(db);
    await pushOf(registry, agentId, { name: "db-1" });
    expect(await shown(db, agentId)).toEqual({ role: "db" });
    await pushOf(registry, agentId, { name: "web-1" });
    expect(await shown(db, agentId)).toEqual({});
  });

  test("miss no host that is made while they are applied", async ({ store: { db } }) => {
    const registry = new Registry(db);
    const ids = Array.from({ length: 40 }, () => randomUUID());
    const made = ids.map((agentId, index) => pushOf(registry, agentId, { name: `web-${index}` }));
    const applied = Array.from({ length: 5 }, (_, index) =>
      applyRules(db, [{ match: "*", labels: { round: String(index) } }], Date.now()),
    );
    await Promise.all([...made, ...applied]);
    const rounds = await Promise.all(ids.map(async (id) => (await shown(db, id))?.round));
    expect(new Set(rounds).size).toBe(1);
    const rows = await db.labelRules.findMany();
    expect(rows).toEqual([{ id: 1, rules: [{ match: "*", labels: { round: rounds[0] } }] }]);
  });
});

test("the history of a host is read again when any process has changed its labels, and only then", async ({
  store: { db },
}) => {
  const agentId = randomUUID();
  await pushOf(new Registry(db), agentId, { labels: { v: "1" } });
  const { id, firstSeen } = await db.host.findUniqueOrThrow({ where: { agentId } });
  const range = { from: firstSeen.getTime(), to: firstSeen.getTime() + 3_600_000 };
  const fleet = new FleetView(db, Date.now);
  const history = new HostLabelHistory(db, fleet);
  const labels = async () => (await history.read([id], range)).get(id)?.map((piece) => piece.labels);
  expect(await labels()).toEqual([{ v: "1" }]);
  // Behind everyone's back, without a new revision: not asked for again.
  await db.hostLabelHistory.create({
    data: { hostId: id, since: new Date(range.from + 1), labels: { v: "unseen" } },
  });
  await fleet.readAgain();
  expect(await labels()).toEqual([{ v: "1" }]);
  await setHostLabels(db, SYSTEM_ACTOR, agentId, { v: "2" }, range.from + 1_000);
  await fleet.readAgain();
  expect(await labels()).toEqual([{ v: "1" }, { v: "unseen" }, { v: "2" }]);
});
