/** What people do to incidents and silences: once, told in the timeline, the outbox and the audit log, or refused. */
import { describe, expect } from "vitest";
import { acknowledgeIncident } from "../../src/incidents/acknowledge.ts";
import { annotateIncident } from "../../src/incidents/annotate.ts";
import { rateIncident } from "../../src/incidents/rate.ts";
import { resolveIncident } from "../../src/incidents/resolve.ts";
import { createSilence, expireSilence, type SilenceAsked } from "../../src/incidents/silence.ts";
import type { VerbContext } from "../../src/incidents/verb.ts";
import type { PrismaClient } from "../../src/store/client.ts";
import { endedSilences, maintenanceSilences, openSilences } from "../../src/store/incidents/silences.ts";
import type { Actor } from "../../src/store/tokens.ts";
import { judge, newMember, recover, T0, warmUp } from "../support/incidents.ts";
import { test } from "../support/store.ts";

const MINUTE = 60_000;
const ada: Actor = { kind: "session", id: null, name: "ada", scopes: ["operate"] };
const by = (db: PrismaClient, minutes = 5): VerbContext => ({ db, actor: ada, now: T0 + minutes * MINUTE });

/** What was written beside the change: timeline, outbox, audit. */
async function told(db: PrismaClient) {
  const timeline = await db.timelineEntry.findMany({ where: { actor: "ada" }, orderBy: { id: "asc" } });
  const outbox = await db.notificationOutbox.count({ where: { entry: { actor: "ada" } } });
  const audit = await db.auditEntry.findMany({ orderBy: { id: "asc" } });
  expect(outbox).toBe(timeline.length);
  return {
    timeline: timeline.map(({ kind, text }) => `${kind} ${text}`),
    audit: audit.map(({ actor, action, target }) => `${actor} ${action} ${target}`),
  };
}

describe("an incident", () => {
  test("is acknowledged, annotated, rated and resolved, and each is told", async ({ store: { db } }) => {
    const { incidentId: id } = await judge(db, { hosts: [await newMember(db, "web-1")] });
    expect(await acknowledgeIncident(by(db), id, " on it ")).toMatchObject({
      status: "ACKNOWLEDGED",
      acknowledgedBy: "ada",
      acknowledgedAt: T0 + 5 * MINUTE,
      updatedAt: T0 + 5 * MINUTE,
      revision: 1,
    });
    expect(await annotateIncident(by(db, 6), id, "more workers")).toMatchObject({
      updatedAt: T0 + 6 * MINUTE,
    });
    expect(await rateIncident(by(db, 7), id, true)).toMatchObject({ useful: true });
    expect(await rateIncident(by(db, 8), id, true)).toMatchObject({ updatedAt: T0 + 7 * MINUTE });
    expect(await rateIncident(by(db, 9), id, false)).toMatchObject({ useful: false });
    expect(await resolveIncident(by(db, 10), id, null)).toMatchObject({
      status: "RESOLVED",
      resolvedAt: T0 + 10 * MINUTE,
      acknowledgedBy: "ada",
      revision: 5,
    });
    await annotateIncident(by(db, 11), id, "afterthought");
    expect(await told(db)).toEqual({
      timeline: [
        "ACKNOWLEDGED on it",
        "NOTE more workers",
        "RATED useful",
        "RATED noise",
        "RESOLVED ",
        "NOTE afterthought",
      ],
      audit: ["acknowledge", "annotate", "rate", "rate", "resolve", "annotate"].map(
        (verb) => `ada incident.${verb} nginx on web accepts too slowly`,
      ),
    });
    expect(await db.incidentHost.findMany()).toMatchObject([{ leftAt: new Date(T0 + 10 * MINUTE) }]);
  });

  test("that is not in the state for it, or is not there, is left as it is", async ({ store: { db } }) => {
    const { incidentId: id } = await judge(db);
    await acknowledgeIncident(by(db), id, null);
    const before = await told(db);
    await expect(acknowledgeIncident(by(db), id, null)).rejects.toMatchObject({
      code: "CONFLICT",
      message: `incident ${id} is acknowledged already, by ada`,
    });
    await recover(db);
    for (const verb of [acknowledgeIncident, resolveIncident]) {
      await expect(verb(by(db), id, null)).rejects.toMatchObject({ code: "CONFLICT" });
      await expect(verb(by(db), 999, null)).rejects.toMatchObject({
        code: "NOT_FOUND",
        message: "there is no incident 999",
      });
    }
    await expect(rateIncident(by(db), 999, true)).rejects.toMatchObject({ code: "NOT_FOUND" });
    for (const note of ["", "  \n", "\0", "\ud800", "x".repeat(4_001)]) {
      await expect(annotateIncident(by(db), id, note)).rejects.toMatchObject({ code: "BAD_REQUEST" });
    }
    expect(await told(db)).toEqual(before);
  });

  test("that several people acknowledge at once is one's", async ({ store: { db } }) => {
    const { incidentId: id } = await judge(db);
    await warmUp(db);
    const tries = await Promise.allSettled(
      Array.from({ length: 6 }, () => acknowledgeIncident(by(db), id, null)),
    );
    expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect((await told(db)).timeline).toEqual(["ACKNOWLEDGED "]);
  });

  test("that a person resolved is opened again by newer data alone", async ({ store: { db } }) => {
    const { incidentId: id } = await judge(db);
    await resolveIncident(by(db, 10), id, "false alarm");
    expect(await judge(db, { judgedAt: T0 + 9 * MINUTE })).toMatchObject({ outcome: "unchanged" });
    expect(await judge(db, { judgedAt: T0 + 11 * MINUTE })).toEqual({ incidentId: id, outcome: "reopened" });
  });
});

describe("a silence", () => {
  const asked: SilenceAsked = {
    matchers: [{ name: "role", op: "EQ", value: "web" }],
    from: null,
    until: T0 + 60 * MINUTE,
    window: null,
    maintenance: false,
    comment: "rolling restart",
  };
  const window = { days: ["SUN"], from: 120, to: 240, zone: "Europe/Berlin" } as const;

  test("that is ended ahead of its time has what goes on told again to who sorts notifications", async ({
    store: { db },
  }) => {
    const { incidentId } = await judge(db);
    const { id } = await createSilence(by(db), asked);
    await db.notificationOutbox.deleteMany();
    await expireSilence(by(db, 10), id);
    const entries = await db.notificationOutbox.findMany({
      select: { entry: { select: { incidentId: true } } },
    });
    expect(entries).toEqual([{ entry: { incidentId } }]);
  });

  test("is made, kept as it was asked for, and ended ahead of its time", async ({ store: { db } }) => {
    const made = await createSilence(by(db), asked);
    const { comment, matchers, until } = asked;
    expect(made).toMatchObject({
      comment,
      matchers,
      until,
      from: T0 + 5 * MINUTE,
      createdBy: "ada",
      window: null,
    });
    const weekly = await createSilence(by(db), { ...asked, until: null, window });
    expect(weekly.window).toEqual(window);
    expect(await openSilences(db, T0 + 59 * MINUTE)).toEqual([made, weekly]);
    expect(await openSilences(db, T0 + 60 * MINUTE)).toEqual([weekly]);

    const ended = await expireSilence(by(db, 10), weekly.id);
    expect(ended).toEqual({ ...weekly, expiredAt: T0 + 10 * MINUTE });
    expect(await openSilences(db, T0 + 60 * MINUTE)).toEqual([]);
    expect(await endedSilences(db, T0 + 59 * MINUTE, 10)).toEqual([ended]);
    expect(await endedSilences(db, T0 + 60 * MINUTE, 10)).toEqual([ended, made]);
    expect(await endedSilences(db, T0 + 60 * MINUTE, 1)).toEqual([ended]);
    await expect(expireSilence(by(db, 11), weekly.id)).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(expireSilence(by(db, 60), made.id)).rejects.toMatchObject({ code: "CONFLICT" });
    await expect(expireSilence(by(db), 999)).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await told(db)).audit).toEqual([
      "ada silence.create rolling restart",
      "ada silence.create rolling restart",
      "ada silence.expire rolling restart",
    ]);
  });

  test("that is maintenance is found for as long as it may hold", async ({ store: { db } }) => {
    await createSilence(by(db), asked);
    const once = await createSilence(by(db), { ...asked, maintenance: true });
    const weekly = await createSilence(by(db), { ...asked, maintenance: true, until: null, window });
    await expireSilence(by(db, 30), weekly.id);
    const idsIn = async (from: number, to: number) =>
      (await maintenanceSilences(db, { from: T0 + from * MINUTE, to: T0 + to * MINUTE })).map(({ id }) => id);
    expect(await idsIn(0, 5)).toEqual([]);
    expect(await idsIn(0, 6)).toEqual([once.id, weekly.id]);
    expect(await idsIn(30, 60)).toEqual([once.id]);
    expect(await idsIn(60, 90)).toEqual([]);
  });

  test("that is none is refused by name", async ({ store: { db } }) => {
    const matcher = (name: string, value: string, op: "EQ" | "RE" = "EQ") => [{ name, op, value }];
    const refused: [Partial<SilenceAsked>, RegExp][] = [
      [{ matchers: [] }, /without labels/],
      [{ matchers: matcher("role", ".*", "RE") }, /without labels/],
      [{ matchers: matcher("role", "(", "RE") }, /not a regular expression/],
      [{ matchers: matcher("1role", "web") }, /not a label name/],
      [{ matchers: matcher("role", "\0") }, /cannot be stored/],
      [{ matchers: Array(21).fill(matcher("role", "web")).flat() }, /at most 20/],
      [{ comment: " " }, /comment is empty/],
      [{ until: null }, /has an end/],
      [{ from: T0 - MINUTE, until: T0 }, /is over/],
      [{ from: T0 + 61 * MINUTE }, /before it begins/],
      [{ until: 1e15 }, /before the year 9999/],
      [{ window: { ...window, days: [] } }, /no days/],
      [{ window: { ...window, zone: "Mars/Olympus" } }, /IANA/],
      [{ maintenance: true, matchers: matcher("severity", "MAJOR") }, /maintenance is of hosts/],
      [{ maintenance: true, matchers: matcher("cause", "RESTART") }, /match labels alone/],
    ];
    for (const [change, message] of refused) {
      const making = createSilence(by(db), { ...asked, ...change });
      await expect(making, String(message)).rejects.toMatchObject({
        code: "BAD_REQUEST",
        message: expect.stringMatching(message),
      });
    }
    expect(await db.silence.count()).toBe(0);
  });

  test("is one of a thousand at most", async ({ store: { db } }) => {
    const row = { matchers: [], from: new Date(T0), comment: "", createdBy: "ada", createdAt: new Date(T0) };
    await db.silence.createMany({ data: Array(1_000).fill(row) });
    await expect(createSilence(by(db), asked)).rejects.toMatchObject({ code: "LIMIT_EXCEEDED" });
  });
});
