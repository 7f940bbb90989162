import { randomBytes } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import type { HostSection, WireSnapshot } from "../../src/protocol/message.ts";
import { suiteService } from "../support/own-database-service.ts";
import { COUNTERS, push, TestHost } from "../support/pushes.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService();

afterAll(async () => {
  expect(await service.stop()).toBe(0);
});

/** A minute well in the past, so that nothing here depends on when the test runs. */
function pastMinute(minutesAgo = 10): number {
  return Math.floor(Date.now() / 60_000) * 60_000 - minutesAgo * 60_000;
}

async function increaseOf(host: TestHost, counter: string, last = "2h"): Promise<string | null> {
  const query = `query ($id: ID!, $counter: String!, $last: Duration!) {
    host(id: $id) { increase(counter: $counter, range: {last: $last}) } }`;
  const { data } = await service.graphql(query, { id: host.id, counter, last });
  return data.host?.increase ?? null;
}

async function trendTotal(hosts: readonly TestHost[], counter: string): Promise<string | null> {
  const query = `query ($names: [String!], $counter: String!) { fleet(filter: {names: $names}) {
    trend(counter: $counter, range: {last: "2h"}, measure: INCREASE) { total } } }`;
  const { data } = await service.graphql(query, { names: hosts.map((host) => host.name), counter });
  return data.fleet.trend[0]?.total ?? null;
}

describe("what is pushed comes back", () => {
  test("from 0 to 18446744073709551615 digit for digit, and two such hosts add up", async () => {
    const hosts = [new TestHost(), new TestHost()];
    const at = pastMinute();
    for (const host of hosts) {
      const answer = await service.pushed(
        push(
          host.section([
            host.snapshot(at, [0, 0, 0]),
            host.snapshot(at + 10_000, [5, "18446744073709551615", null]),
          ]),
        ),
      );
      expect(answer.results).toEqual([{ status: "stored" }, { status: "stored" }]);
    }
    const [host] = hosts;
    if (host === undefined) throw new Error("no host");
    const latest = await waitFor("the host in the fleet", async () => {
      const { data } = await service.graphql(
        `query ($id: ID!) { host(id: $id) { name status latest { counter { name } value at } } }`,
        { id: host.id },
      );
      return data.host;
    });
    expect(latest.name).toBe(host.name);
    expect(latest.latest).toEqual([
      { counter: { name: "TcpActiveOpens" }, value: "5", at: new Date(at + 10_000).toISOString() },
      { counter: { name: "TcpExtListenOverflows" }, value: "18446744073709551615", at: expect.any(String) },
    ]);
    expect(await increaseOf(host, "ListenOverflows")).toBe("18446744073709551615");
    expect(await increaseOf(host, "TcpExtListenDrops")).toBeNull();
    const both = "36893488147419103230";
    await waitFor(
      `the rollup of both, ${both}`,
      async () => (await trendTotal(hosts, "ListenOverflows")) === both,
    );
    expect(await trendTotal([host], "ListenOverflows")).toBe("18446744073709551615");
  });

  test("a restart counts what has grown since the boot, unrated", async () => {
    const host = new TestHost();
    const at = pastMinute();
    await service.pushed(
      push(host.section([host.snapshot(at, [100, 7, 7]), host.snapshot(at + 10_000, [110, 9, 9])])),
    );
    host.reboot(at + 30_000);
    await service.pushed(push(host.section([host.snapshot(at + 50_000, [4, 3, 3])])));
    await waitFor("the host", async () => (await increaseOf(host, "ListenOverflows")) === "5");
    const { data } = await service.graphql(
      `query ($id: ID!, $from: DateTime!, $to: DateTime!) { host(id: $id) {
        rates(counters: ["ListenOverflows"], range: {from: $from, to: $to}, step: "10s") { start values total resets } } }`,
      { id: host.id, from: new Date(at).toISOString(), to: new Date(at + 60_000).toISOString() },
    );
    expect(data.host.rates).toEqual([
      {
        start: new Date(at).toISOString(),
        values: [0.2, null, null, null, null, null],
        total: "5",
        resets: [new Date(at + 50_000).toISOString()],
      },
    ]);
  });

  test("the same batch three times at once changes nothing, and is told so", async () => {
    const host = new TestHost();
    const at = pastMinute();
    const body = push(
      host.section(
        Array.from({ length: 6 }, (_, index) => host.snapshot(at + index * 10_000, [index, index * 2, 0])),
      ),
    );
    const answers = await Promise.all([service.pushed(body), service.pushed(body), service.pushed(body)]);
    const statuses = answers.flatMap((answer) => answer.results.map((result) => result.status));
    expect(statuses.filter((status) => status === "stored")).toHaveLength(6);
    expect(statuses.filter((status) => status === "duplicate")).toHaveLength(12);
    await waitFor("the rollup", async () => (await trendTotal([host], "ListenOverflows")) === "10");
    expect((await service.pushed(body)).results).toEqual(Array(6).fill({ status: "duplicate" }));
    expect(await increaseOf(host, "ListenOverflows")).toBe("10");
    expect(await trendTotal([host], "ListenOverflows")).toBe("10");
  });

  test("one bad snapshot among ten stores nine and names the tenth", async () => {
    const host = new TestHost();
    const at = pastMinute();
    const snapshots: unknown[] = Array.from({ length: 10 }, (_, index) =>
      host.snapshot(at + index * 1_000, [index, 0, 0]),
    );
    snapshots[9] = { ...host.snapshot(at + 9_000, [9, -4, 0]) };
    const { results } = await service.pushed(push(host.section(snapshots)));
    expect(results.slice(0, 9)).toEqual(Array(9).fill({ status: "stored" }));
    expect(results[9]).toMatchObject({
      status: "rejected",
      code: "BAD_VALUE",
      message: expect.stringMatching(/snapshots\[9\].values\[1\]: -4 is not a counter/),
    });
  });

  test("a name that two hosts share is answered with their ids", async () => {
    const hosts = [new TestHost({ name: "twin" }), new TestHost({ name: "twin" })];
    const now = Date.now();
    await service.pushed(push(...hosts.map((host) => host.section([host.snapshot(now, [1, 1, 1])]))));
    const errors = await waitFor(
      "both",
      async () => (await service.graphql(`{ host(name: "twin") { id } }`)).errors,
    );
    expect(errors[0]?.extensions.code).toBe("CONFLICT");
    for (const host of hosts) expect(errors[0]?.message).toContain(`host_${host.id}`);
  });
});

describe("what is wrong with one snapshot is told of it, and the service goes on", () => {
  const host = new TestHost();
  const good = () => host.snapshot(Date.now(), [1, 2, 3]);
  const year = 365 * 24 * 3_600_000;
  test.each<[string, () => object, object]>([
    ["below zero", () => ({ ...good(), values: [1, -1, 3] }), { status: "rejected", code: "BAD_VALUE" }],
    [
      "above 2^64-1",
      () => ({ ...good(), values: [1, "18446744073709551616", 3] }),
      { status: "rejected", code: "BAD_VALUE" },
    ],
    [
      "an unsafe JSON number",
      () => ({ ...good(), values: [1, 2 ** 53, 3] }),
      { status: "rejected", code: "UNSAFE_NUMBER" },
    ],
    [
      "a value too few",
      () => ({ ...good(), values: [1, 2] }),
      { status: "rejected", code: "VALUES_MISMATCH" },
    ],
    ["no time", () => ({ ...good(), at: undefined }), { status: "rejected", code: "MALFORMED" }],
    [
      "a namespace that is not there",
      () => ({ ...good(), namespace: 3 }),
      { status: "rejected", code: "MALFORMED" },
    ],
    ["not an object", () => [] as object, { status: "rejected", code: "MALFORMED" }],
    ["a year ahead", () => host.snapshot(Date.now() + year, [1, 2, 3]), { status: "future", code: "FUTURE" }],
    ["a year old", () => host.snapshot(Date.now() - year, [1, 2, 3]), { status: "too_old", code: "TOO_OLD" }],
    [
      "an unknown layout",
      () => ({ ...good(), layout: "0".repeat(32) }),
      { status: "retry", code: "UNKNOWN_LAYOUT" },
    ],
  ])("%s", async (_name, snapshot, expected) => {
    const wrong = { ...snapshot(), uptimeMs: 1 } as WireSnapshot;
    const section = host.section([
      host.snapshot(Date.now(), [1, 2, 3]),
      Array.isArray(snapshot()) ? snapshot() : wrong,
    ]);
    const { results } = await service.pushed(push(section));
    expect(results[0]).toEqual({ status: "stored" });
    expect(results[1]).toMatchObject({ ...expected, message: expect.stringMatching(/.{20,}/) });
  });

  test("names under the wrong hash", async () => {
    const layouts = { ["a".repeat(32)]: ["TcpActiveOpens"] };
    const snapshot = { ...good(), layout: "a".repeat(32), values: [1] };
    const { results } = await service.pushed(push(host.section([snapshot], { layouts })));
    expect(results).toMatchObject([{ status: "rejected", code: "LAYOUT_MISMATCH" }]);
  });

  test("a time that the namespace has already, with other values", async () => {
    const at = pastMinute();
    await service.pushed(push(host.section([host.snapshot(at, [1, 2, 3])])));
    const { results } = await service.pushed(push(host.section([host.snapshot(at, [1, 2, 4])])));
    expect(results).toMatchObject([
      { status: "rejected", code: "CONFLICT", message: expect.stringMatching(/the first is kept/) },
    ]);
  });

  test("a foreign key for a known host: kept by its agent, and told what to do", async () => {
    await service.pushed(push(host.section([good()])));
    const section = { ...host.section([good()]), key: randomBytes(32).toString("base64url") };
    const { results } = await service.pushed(push(section));
    expect(results).toMatchObject([
      {
        status: "retry",
        code: "KEY_REFUSED",
        message: expect.stringMatching(/delete the agent's state folder/),
      },
    ]);
  });

  test.each<[string, (host: TestHost) => HostSection]>([
    ["a NUL in the name", (one) => ({ ...one.section([good()]), name: "web\0" })],
    ["half a pair in a label", (one) => ({ ...one.section([good()]), labels: { zone: "\ud800" } })],
    [
      "a name of a label that has no end",
      (one) => ({ ...one.section([good()]), labels: { ["x".repeat(50_000)]: "" } }),
    ],
    ["a counter named twice", (one) => one.section([good()], { layouts: { [one.layout]: ["A", "A"] } })],
  ])("%s is refused in few words, and its neighbour stored", async (_name, sectionOf) => {
    const fine = new TestHost();
    const answer = await service.pushed(
      push(sectionOf(new TestHost()), fine.section([fine.snapshot(Date.now(), [1, 2, 3])])),
    );
    expect(answer.results).toMatchObject([{ status: "rejected", code: "MALFORMED" }, { status: "stored" }]);
    expect(JSON.stringify(answer).length).toBeLessThan(1_000);
  });

  test("a value nested without end is refused", async () => {
    const text = JSON.stringify(push(host.section([{ ...good(), values: [1, 2, "DEEP"] }])));
    const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
    const response = await service.push(text.replace('"DEEP"', deep));
    expect(await response.json()).toMatchObject({ results: [{ status: "rejected", code: "BAD_VALUE" }] });
  });

  test("an agent version that cannot be stored is refused, and harms no other host", async () => {
    const body = { ...push(host.section([good()])), agent: { version: "1\0", clock: 0 } };
    expect((await service.push(body)).status).toBe(400);
  });

  test("a namespace that cannot be stored costs its own snapshots, and none of its neighbours'", async () => {
    const kinds = { kind: "other", inode: "4026532206" } as const;
    const namespaces = [
      { ...kinds, birth: 1, name: "a\0b.service" },
      { ...kinds, birth: 2, name: "c.service" },
    ];
    const sent = [0, 1, undefined].map((namespace) => ({ ...good(), namespace }));
    const { results } = await service.pushed(push(new TestHost().section(sent, { namespaces })));
    expect(results).toMatchObject([
      {
        status: "rejected",
        code: "MALFORMED",
        message: expect.stringMatching(/hosts\[0\]\.namespaces\[0\]\.name: has a character/),
      },
      { status: "stored" },
      { status: "stored" },
    ]);
  });

  test("a host section that is malformed fails its own snapshots alone", async () => {
    const bad = { ...host.section([good(), good()]), id: "my-host" };
    const fine = new TestHost();
    const { results } = await service.pushed(push(bad, fine.section([fine.snapshot(Date.now(), [1, 2, 3])])));
    expect(results).toMatchObject([
      { status: "rejected", code: "MALFORMED", message: expect.stringMatching(/hosts\[0\]\.id/) },
      { status: "rejected", code: "MALFORMED" },
      { status: "stored" },
    ]);
  });
});

test("the names of a layout are needed once", async () => {
  const names = [...COUNTERS, "TcpExtFromTheFuture"];
  const host = new TestHost({ names });
  const bare = (at: number) => host.section([host.snapshot(at, [1, 2, 3, 4])], { layouts: {} });
  const now = Date.now();
  expect((await service.pushed(push(bare(now)))).results).toMatchObject([{ code: "UNKNOWN_LAYOUT" }]);
  await service.pushed(push(host.section([host.snapshot(now, [1, 2, 3, 4])])));
  expect((await service.pushed(push(bare(now + 1)))).results).toEqual([{ status: "stored" }]);
  const { data } = await service.graphql(`{ counter(name: "TcpExtFromTheFuture") { name kind meaning } }`);
  expect(data.counter).toEqual({ name: "TcpExtFromTheFuture", kind: "UNKNOWN", meaning: null });
});
