/** What detection writes of incidents: each once, whatever runs twice, late or at the same time. */
import { describe, expect } from "vitest";
import { inTransaction, type PrismaClient } from "../../src/store/client.ts";
import { membersOf } from "../../src/store/incidents/by-incident.ts";
import { openOrUpdate } from "../../src/store/incidents/open.ts";
import { recordEntries } from "../../src/store/incidents/timeline.ts";
import { diagnosisOf, finding, judge, newMember, recover, T0, warmUp } from "../support/incidents.ts";
import { test } from "../support/store.ts";
import { waitFor } from "../support/wait.ts";

const MINUTE = 60_000;

/** Kinds and texts of a timeline, oldest first. */
async function timelineOf(db: PrismaClient, incidentId: number): Promise<string[]> {
  const rows = await db.timelineEntry.findMany({
    where: { incidentId },
    orderBy: [{ at: "asc" }, { id: "asc" }],
  });
  return rows.map(({ kind, text }) => `${kind} ${text}`);
}

function deferred(): { readonly promise: Promise<void>; resolve(): void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve() };
}

/** Every entry is in the outbox, once. */
async function expectOutbox(db: PrismaClient): Promise<void> {
  const entries = await db.timelineEntry.findMany({ orderBy: { id: "asc" } });
  const outbox = await db.notificationOutbox.findMany({ orderBy: { entryId: "asc" } });
  expect(outbox.map(({ entryId }) => entryId)).toEqual(entries.map(({ id }) => id));
}

describe("a finding", () => {
  test("opens one incident, goes on with it, and is resolved, each told once", async ({ store: { db } }) => {
    const [one, two] = [await newMember(db, "web-1"), await newMember(db, "web-2")];
    const { incidentId, outcome } = await judge(db, { hosts: [one] });
    expect(outcome).toBe("opened");
    const later = {
      judgedAt: T0 + 2 * MINUTE,
      severity: "CRITICAL",
      cause: "APPLICATION_STALLED",
      title: "nginx on web does not accept",
      flapping: true,
      hosts: [two],
      loss: null,
    } as const;
    for (const said of ["updated", "unchanged"]) {
      expect(await judge(db, later)).toEqual({ incidentId, outcome: said });
    }
    // Older than what is known: a job that was killed and runs again.
    expect(await judge(db)).toEqual({ incidentId, outcome: "unchanged" });
    expect(await recover(db, { judgedAt: T0 + 2 * MINUTE })).toBeNull();
    expect(await recover(db)).toBe(incidentId);
    expect(await recover(db)).toBeNull();
    expect(await judge(db, later)).toEqual({ incidentId, outcome: "unchanged" });

    expect(await timelineOf(db, incidentId)).toEqual([
      "OPENED nginx on web accepts too slowly",
      "SEVERITY_CHANGED MAJOR to CRITICAL",
      "CAUSE_CHANGED APPLICATION_SLOW to APPLICATION_STALLED: nginx on web does not accept",
      "FLAPPING it ends and starts again within minutes",
      "HOSTS_CHANGED joined: web-2; recovered: web-1",
      "RESOLVED no loss for 5 minutes",
    ]);
    await expectOutbox(db);
    expect(await db.incident.findMany()).toMatchObject([
      {
        status: "RESOLVED",
        severity: "CRITICAL",
        startedAt: new Date(T0),
        resolvedAt: new Date(T0 + 10 * MINUTE),
        lossShare: null,
      },
    ]);
    const members = await db.incidentHost.findMany({ orderBy: { hostName: "asc" } });
    expect(members).toMatchObject([
      { hostName: "web-1", joinedAt: new Date(T0 + MINUTE), leftAt: new Date(T0 + 2 * MINUTE) },
      { hostName: "web-2", joinedAt: new Date(T0 + 2 * MINUTE), leftAt: new Date(T0 + 10 * MINUTE) },
    ]);
  });

  test("that is not diagnosed as what the incident is leaves what it is told by as it was", async ({
    store: { db },
  }) => {
    const diagnosis = diagnosisOf();
    const { incidentId: id } = await judge(db, { diagnosis });
    const told = () =>
      db.incident.findUniqueOrThrow({ where: { id }, select: { diagnosis: true, lossShare: true } });
    await judge(db, { judgedAt: T0 + 2 * MINUTE, loss: null });
    expect(await told()).toEqual({ diagnosis, lossShare: 0.05 });
    const stalled = { ...diagnosis, cause: "APPLICATION_STALLED" } as const;
    await judge(db, { judgedAt: T0 + 2.5 * MINUTE, diagnosis: stalled, loss: null });
    expect(await told()).toEqual({ diagnosis, lossShare: 0.05 });
    await judge(db, { judgedAt: T0 + 3 * MINUTE, diagnosis, loss: null });
    expect(await told()).toEqual({ diagnosis, lossShare: null });
    await judge(db, { judgedAt: T0 + 4 * MINUTE, diagnosis });
    await recover(db);
    await judge(db, { judgedAt: T0 + 20 * MINUTE, loss: null });
    expect(await told()).toEqual({ diagnosis, lossShare: 0.05 });
    // Another cause is told by what there is of it, of its family if need be.
    await judge(db, { judgedAt: T0 + 21 * MINUTE, cause: "APPLICATION_STALLED", loss: null });
    expect(await told()).toEqual({ diagnosis: null, lossShare: null });
    await judge(db, { judgedAt: T0 + 22 * MINUTE, cause: "APPLICATION_STALLED", diagnosis });
    await judge(db, { judgedAt: T0 + 23 * MINUTE, cause: "APPLICATION_STALLED", loss: null });
    expect(await told()).toEqual({ diagnosis, lossShare: 0.05 });
    await judge(db, { judgedAt: T0 + 24 * MINUTE, cause: "APPLICATION_STALLED", diagnosis: stalled });
    expect(await told()).toEqual({ diagnosis: stalled, lossShare: 0.05 });
  });

  test("soon after the end opens the same incident again, and later another one", async ({
    store: { db },
  }) => {
    const host = await newMember(db, "web-1");
    const { incidentId } = await judge(db, { hosts: [host] });
    await db.incident.update({
      where: { id: incidentId },
      data: {
        status: "ACKNOWLEDGED",
        acknowledgedAt: new Date(T0),
        acknowledgedBy: "ada",
        inhibitedBy: incidentId,
      },
    });
    await recover(db);
    const again = { judgedAt: T0 + 20 * MINUTE, hosts: [host], reopenSince: T0 - 10 * MINUTE };
    expect(await judge(db, again)).toEqual({ incidentId, outcome: "reopened" });
    expect(await db.incident.findUnique({ where: { id: incidentId } })).toMatchObject({
      status: "OPEN",
      acknowledgedBy: null,
      inhibitedBy: null,
      resolvedAt: null,
    });
    await recover(db, { judgedAt: T0 + 30 * MINUTE });
    const anew = await judge(db, { judgedAt: T0 + 90 * MINUTE, reopenSince: T0 + 60 * MINUTE });
    expect(anew).toMatchObject({ outcome: "opened" });
    expect(anew.incidentId).not.toBe(incidentId);
    expect(await timelineOf(db, incidentId)).toEqual([
      "OPENED nginx on web accepts too slowly",
      "RESOLVED no loss for 5 minutes",
      "REOPENED nginx on web accepts too slowly",
      "RESOLVED no loss for 5 minutes",
    ]);
    expect((await membersOf(db, [incidentId])).get(incidentId)).toHaveLength(1);
  });

  test("that many writers come with at once opens one incident, and a recovery resolves it once", async ({
    store: { db },
  }) => {
    const host = await newMember(db, "web-1");
    await warmUp(db);
    const opened = await Promise.all(Array.from({ length: 8 }, () => judge(db, { hosts: [host] })));
    expect(new Set(opened.map(({ incidentId }) => incidentId)).size).toBe(1);
    expect(opened.map(({ outcome }) => outcome).sort()).toEqual(["opened", ...Array(7).fill("unchanged")]);
    const resolved = await Promise.all(Array.from({ length: 8 }, () => recover(db)));
    expect(resolved.filter((id) => id !== null)).toHaveLength(1);
    // Again after the end, with writers who disagree about what is the same incident.
    const again = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        judge(db, { judgedAt: T0 + 20 * MINUTE, reopenSince: index % 2 === 0 ? 0 : T0 + 15 * MINUTE }),
      ),
    );
    expect(again.filter(({ outcome }) => outcome !== "unchanged")).toHaveLength(1);
    expect(await db.incident.count({ where: { resolvedAt: null } })).toBe(1);
    await expectOutbox(db);
  });

  test("waits for another of its key that is not committed, and goes on with its incident", async ({
    store: { db },
  }) => {
    const { promise: mayCommit, resolve: commit } = deferred();
    const { promise: opened, resolve: hasOpened } = deferred();
    const first = inTransaction(db, async (tx) => {
      const judged = await openOrUpdate(tx, finding(), T0);
      hasOpened();
      await mayCommit;
      return judged;
    });
    await opened;
    const others = [judge(db), judge(db, { judgedAt: T0 + 2 * MINUTE })];
    await waitFor("both to wait", async () => {
      const waiting = await db.$queryRaw<unknown[]>`
        SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      return waiting.length === 2;
    });
    commit();
    const { incidentId } = await first;
    const outcomes = await Promise.all(others);
    expect(outcomes.map((judged) => judged.incidentId)).toEqual([incidentId, incidentId]);
    expect(outcomes[1]?.outcome).toBe("updated");
    expect(await timelineOf(db, incidentId)).toEqual(["OPENED nginx on web accepts too slowly"]);
  });

  test("is refused a second open incident by the database itself", async ({ store: { db } }) => {
    const { incidentId } = await judge(db);
    const {
      id: _id,
      labels,
      diagnosis: _diagnosis,
      ...row
    } = await db.incident.findUniqueOrThrow({ where: { id: incidentId } });
    await expect(db.incident.create({ data: { ...row, labels: labels ?? {} } })).rejects.toMatchObject({
      code: "P2002",
    });
  });

  test("names five hosts of many in the timeline, and keeps all", async ({ store: { db } }) => {
    const hosts = Array.from({ length: 1_000 }, (_, index) => ({
      hostId: index + 1,
      hostName: `web-${String(index).padStart(4, "0")}`,
    }));
    const { incidentId } = await judge(db);
    await judge(db, { judgedAt: T0 + 2 * MINUTE, hosts });
    expect((await timelineOf(db, incidentId))[1]).toBe(
      "HOSTS_CHANGED joined: web-0000, web-0001, web-0002, web-0003, web-0004 and 995 more",
    );
    expect((await membersOf(db, [incidentId])).get(incidentId)).toMatchObject(hosts);
  });

  test("whose transaction fails leaves nothing behind", async ({ store: { db } }) => {
    const failing = inTransaction(db, async (tx) => {
      await openOrUpdate(tx, finding(), T0);
      throw new Error("killed");
    });
    await expect(failing).rejects.toThrow("killed");
    expect([await db.incident.count(), await db.timelineEntry.count()]).toEqual([0, 0]);
  });
});

test("an entry that a job says again is in the timeline and the outbox once", async ({ store: { db } }) => {
  const { incidentId } = await judge(db);
  const entry = {
    at: T0,
    actor: "spillway",
    kind: "NOTE",
    text: "deploy of web at 11:58",
    key: "deploy 7",
  } as const;
  for (let round = 0; round < 2; round++) await recordEntries(db, incidentId, [entry], T0);
  for (let round = 0; round < 2; round++) await recordEntries(db, incidentId, [{ ...entry, key: null }], T0);
  expect(await db.timelineEntry.count({ where: { kind: "NOTE" } })).toBe(3);
  await expectOutbox(db);
});
