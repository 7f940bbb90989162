/** Events: what is recorded, whom it concerns, and reboots that were seen. */
import { randomBytes, randomUUID } from "node:crypto";
import { describe, expect } from "vitest";
import { eventsOf } from "../../src/graphql/event-lookup.ts";
import { fleetOf } from "../../src/graphql/fleet-shape.ts";
import type { HostFilterInput } from "../../src/graphql/host-filter.ts";
import { type EventInput, recordEvent } from "../../src/incidents/record-event.ts";
import type { Store } from "../../src/store/client.ts";
import { registerEpoch } from "../../src/store/epochs.ts";
import { registerHost } from "../../src/store/hosts.ts";
import { setHostLabels } from "../../src/store/labels/set.ts";
import type { Actor } from "../../src/store/tokens.ts";
import { asking } from "../support/graphql.ts";
import { contextFor, sourcesOn } from "../support/graphql-sources.ts";
import { judge, newMember } from "../support/incidents.ts";
import { test } from "../support/store.ts";

const ACTOR: Actor = { kind: "token", id: randomUUID(), name: "ci", scopes: ["operate"] };
const MINUTE = 60_000;
const NOW = Date.now() + 60 * MINUTE;

function record({ db }: Store, input: Partial<EventInput>) {
  return recordEvent({ db, actor: ACTOR, now: NOW }, { kind: "DEPLOY", title: "shop 1.42", ...input });
}

async function newHost({ db }: Store, name: string, labels: Record<string, string>) {
  const agentId = randomUUID();
  const { id } = await registerHost(db, agentId, randomBytes(32), { name, machineId: null, labels });
  return { id, agentId };
}

/** What is shown of a range, by title. */
async function shown(
  { db }: Store,
  from: number,
  to: number,
  filter: HostFilterInput | null = null,
  more: { kinds?: string[]; first?: number } = {},
): Promise<string[]> {
  const context = contextFor(sourcesOn(db, () => NOW));
  const question = { range: { from, to }, kinds: more.kinds ?? null, first: more.first ?? 500 };
  const events = await eventsOf(context, await fleetOf(context, filter), question);
  return events.map(({ title }) => title);
}

const role = (value: string) => ({ name: "role", op: "EQ", value }) as const;
const hostsOf = (value: string): HostFilterInput => ({ labels: [role(value)] });

describe("recording", () => {
  test("keeps what was said, and writes it into the audit log", async ({ store }) => {
    const event = await record(store, {
      kind: " deploy ",
      title: " shop 1.42 ",
      until: NOW + MINUTE,
      matchers: [role("web")],
      url: "https://ci.example/1",
    });
    expect(event).toEqual({
      id: expect.any(Number),
      kind: "DEPLOY",
      title: "shop 1.42",
      at: NOW,
      until: NOW + MINUTE,
      matchers: [role("web")],
      url: "https://ci.example/1",
      createdBy: "ci",
    });
    expect(await store.db.auditEntry.findMany()).toMatchObject([
      {
        action: "event.record",
        actor: "ci",
        actorId: ACTOR.id,
        target: "shop 1.42",
        details: { id: event.id },
      },
    ]);
  });

  test("of what cannot be is refused, and nothing is kept", async ({ store }) => {
    const refused: [Partial<EventInput>, RegExp][] = [
      [{ kind: "a deploy" }, /^kind: "a deploy" is not a word/],
      [{ title: "  " }, /^the title/],
      [{ title: "x".repeat(301) }, /^the title/],
      [{ title: "a\0b" }, /^the title/],
      [{ at: NOW + 400 * 86_400_000 }, /^at, until:/],
      [{ until: NOW + 400 * 86_400_000 }, /^at, until:/],
      [{ until: NOW - 1 }, /^until:/],
      [{ kind: "MAINTENANCE", matchers: [role("db")] }, /^until: maintenance has an end/],
      [{ kind: "MAINTENANCE", until: NOW + 25 * 60 * MINUTE }, /^matchers: they match a host without labels/],
      [{ url: "javascript:alert(1)" }, /^url: "javascript/],
      [{ matchers: [{ ...role("web"), name: "a b" }] }, /^"a b" is not a label name/],
      [{ matchers: [role("x".repeat(501))] }, /^the label role has 501/],
      [{ matchers: [{ ...role("("), op: "RE" }] }, /regular expression/],
      [{ matchers: Array.from({ length: 21 }, () => role("a")) }, /^an event has at most 20/],
    ];
    for (const [input, fault] of refused) {
      await expect(record(store, input), String(fault)).rejects.toMatchObject({
        code: "BAD_REQUEST",
        message: expect.stringMatching(fault),
      });
    }
    expect(await store.db.event.count()).toBe(0);
    expect(await store.db.auditEntry.count()).toBe(0);
  });
});

test("maintenance of a whole fleet is for a day at most, of some hosts for as long as it takes", async ({
  store,
}) => {
  const day = 24 * 60 * MINUTE;
  await record(store, { kind: "MAINTENANCE", until: NOW + day });
  await record(store, { kind: "MAINTENANCE", until: NOW + 90 * day, matchers: [role("db")] });
  expect(await store.db.event.count()).toBe(2);
});

describe("looking", () => {
  test("finds what touches the range, the newest first", async ({ store }) => {
    await record(store, { title: "before", at: NOW - 10 * MINUTE });
    await record(store, { title: "reaches in", at: NOW - 10 * MINUTE, until: NOW - 4 * MINUTE });
    await record(store, { title: "at the begin", at: NOW - 5 * MINUTE });
    await record(store, { title: "over all", at: NOW - 9 * MINUTE, until: NOW + 9 * MINUTE });
    await record(store, { title: "within", kind: "NOTE", at: NOW - MINUTE });
    await record(store, { title: "at the end", at: NOW });
    expect(await shown(store, NOW - 5 * MINUTE, NOW)).toEqual([
      "within",
      "at the begin",
      "over all",
      "reaches in",
    ]);
    expect(await shown(store, NOW - 5 * MINUTE, NOW, null, { first: 1 })).toEqual(["within"]);
    expect(await shown(store, NOW - 5 * MINUTE, NOW, null, { kinds: ["NOTE"] })).toEqual(["within"]);
  });

  test("of some hosts, finds what concerns the labels that they had then", async ({ store }) => {
    const { agentId } = await newHost(store, "one", { role: "web" });
    await newHost(store, "two", { role: "db", host: "renamed" });
    await setHostLabels(store.db, ACTOR, agentId, { role: "cache" }, NOW - 10 * MINUTE);
    const matchers = [role("web")];
    await record(store, { title: "while it was web", at: NOW - 20 * MINUTE, matchers });
    await record(store, { title: "when it was no longer", at: NOW - 5 * MINUTE, matchers });
    await record(store, {
      title: "over the change",
      at: NOW - 15 * MINUTE,
      until: NOW - 5 * MINUTE,
      matchers,
    });
    await record(store, { title: "for all", at: NOW - 5 * MINUTE });
    await record(store, {
      title: "by name",
      at: NOW - 4 * MINUTE,
      matchers: [{ name: "host", op: "RE", value: "on." }],
    });
    await record(store, {
      title: "by the label",
      at: NOW - 4 * MINUTE,
      matchers: [{ ...role("renamed"), name: "host" }],
    });
    await record(store, {
      title: "for nobody",
      at: NOW - 4 * MINUTE,
      matchers: [{ ...role("two"), name: "host" }],
    });
    const from = NOW - 30 * MINUTE;
    expect((await shown(store, from, NOW, hostsOf("cache"))).sort()).toEqual([
      "by name",
      "for all",
      "over the change",
      "while it was web",
    ]);
    expect((await shown(store, from, NOW, hostsOf("db"))).sort()).toEqual(["by the label", "for all"]);
    expect(await shown(store, from, NOW, hostsOf("web"))).toEqual(["for all"]);
    expect(await shown(store, from, NOW)).toHaveLength(7);
  });

  test("of some hosts, goes on behind those that concern others, however many these are", async ({
    store,
  }) => {
    await newHost(store, "one", { role: "web" });
    await record(store, { title: "its own", at: NOW - 20 * MINUTE, matchers: [role("web")] });
    const others = Array.from({ length: 6_000 }, (_, index) => ({
      kind: "DEPLOY",
      title: `other ${index}`,
      at: new Date(NOW - 15 * MINUTE + (index >> 1)),
      matchers: [role("db")],
      createdBy: "ci",
      createdAt: new Date(NOW),
    }));
    await store.db.event.createMany({ data: others });
    expect(await shown(store, NOW - 30 * MINUTE, NOW, hostsOf("web"))).toEqual(["its own"]);
  });

  test("shows a reboot for each boot after the first that a host was seen with", async ({ store }) => {
    const [one, two] = [
      await newHost(store, "one", { role: "web" }),
      await newHost(store, "two", { role: "db" }),
    ];
    const boot = (hostId: number, bootId: string, number = 0) =>
      registerEpoch(store.db, hostId, { bootId, number, kernel: "6.12", arch: "x86_64", wordSize: 64 });
    const [first, second] = [randomUUID(), randomUUID()];
    await boot(one.id, first);
    await boot(one.id, first, 1);
    await boot(two.id, randomUUID());
    expect(await shown(store, 0, NOW)).toEqual([]);
    await boot(one.id, second);
    await boot(one.id, second, 1);
    await boot(one.id, first, 2);
    expect(await shown(store, 0, NOW)).toEqual(["one was booted"]);
    expect(await shown(store, 0, NOW, hostsOf("web"), { kinds: ["REBOOT"] })).toEqual(["one was booted"]);
    expect(await shown(store, 0, NOW, hostsOf("db"))).toEqual([]);
    expect(await shown(store, 0, NOW, null, { kinds: ["DEPLOY"] })).toEqual([]);
    expect(await shown(store, NOW - MINUTE, NOW)).toEqual([]);
  });

  test("an incident has those of its hosts, from an hour before it; many are read as one", async ({
    store,
  }) => {
    const { db } = store;
    const [web, other] = [
      await newMember(db, "web-1", { role: "web" }),
      await newMember(db, "db-1", { role: "db" }),
    ];
    const began = NOW - 10 * MINUTE;
    const judged = { startedAt: began, judgedAt: began + MINUTE };
    await judge(db, { ...judged, dedupKey: "web", title: "web", hosts: [web] });
    await judge(db, { ...judged, dedupKey: "db", title: "db", hosts: [other] });
    const matchers = [role("web")];
    await record(store, { title: "long before", at: began - 61 * MINUTE, matchers });
    await record(store, { title: "before", at: began - 59 * MINUTE, matchers });
    await record(store, { title: "while it lasts", at: NOW - MINUTE });
    const { ask, statements } = asking(db, NOW);
    const question = (first: number) =>
      `{ incidents(first: ${first}) { edges { node { title events { title } } } } }`;
    const titles = async (first: number) => {
      const { incidents } = await ask(question(first));
      return incidents.edges.map(({ node }: { node: { title: string; events: { title: string }[] } }) => [
        node.title,
        ...node.events.map(({ title }) => title),
      ]);
    };
    const started = statements();
    expect(await titles(1)).toHaveLength(1);
    const one = statements() - started;
    expect((await titles(2)).sort()).toEqual([
      ["db", "while it lasts"],
      ["web", "while it lasts", "before"],
    ]);
    expect(statements() - started - one).toBeLessThanOrEqual(one);
  });
});
