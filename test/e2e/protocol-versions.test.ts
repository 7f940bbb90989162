/** Agents that are older or newer than the service: what a later one adds is passed over, what nobody understands is refused. */
import { expect, test } from "vitest";
import { PROTOCOL_VERSION } from "../../src/protocol/version.ts";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService();

const latestOf = (host: TestHost) =>
  waitFor("the host's newest values", async () => {
    const query =
      "query ($id: ID!) { host(id: $id) { latest { counter { name } value } listeners { port } } }";
    const { data } = await service.graphql(query, { id: host.id });
    return data.host?.latest.length > 0 ? data.host : null;
  });

/** What is there, with a field more that nobody knows yet, wherever a field can be. */
function withNews(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNews);
  if (typeof value !== "object" || value === null) return value;
  const known = Object.entries(value).map(([name, inner]) => [
    name,
    // Names of these are data, not fields.
    name === "labels" || name === "layouts" || name === "sysctls" || name === "dropped"
      ? inner
      : withNews(inner),
  ]);
  return { ...Object.fromEntries(known), aFieldOfALaterAgent: { of: ["some", 1, null] } };
}

test("what a later agent adds under the same version is passed over, and all else is kept", async () => {
  const host = new TestHost();
  const socket = { address: "0.0.0.0", port: 8_080, inode: "77", acceptQueue: 1, peakQueue: 2 };
  const listeners = {
    source: "ss" as const,
    samples: 3,
    sockets: [{ ...socket, limit: 128, samplesFull: 0, drops: 0 }],
  };
  const snapshot = host.snapshot(Date.now(), [1, 2, 3], {
    listeners,
    sysctls: { "net.core.somaxconn": "4096" },
  });
  const more = {
    namespaces: [{ kind: "container" as const, inode: "4026532000", birth: 1 }],
    capabilities: [{ name: "listeners", available: true }],
    health: {
      cycleCpuMs: 1,
      childCpuMs: 1,
      rssBytes: 1,
      spoolDepth: 0,
      spoolAgeMs: 0,
      dropped: {},
    },
  };
  const answer = await service.pushed(withNews(push(host.section([snapshot], more))));
  expect(answer.results).toEqual([{ status: "stored" }]);
  expect(await latestOf(host)).toEqual({
    latest: [
      { counter: { name: "TcpActiveOpens" }, value: "1" },
      { counter: { name: "TcpExtListenOverflows" }, value: "2" },
      { counter: { name: "TcpExtListenDrops" }, value: "3" },
    ],
    listeners: [{ port: 8_080 }],
  });
});

test("an agent that sends no more than the first did is taken", async () => {
  const host = new TestHost();
  const { machineId: _, labels: __, ...section } = host.section([host.snapshot(Date.now(), [1, 2, 3])]);
  expect((await service.pushed({ ...push(), hosts: [section] })).results).toEqual([{ status: "stored" }]);
  expect((await latestOf(host)).latest).toHaveLength(3);
});

test.each([PROTOCOL_VERSION + 1, 0, 1.5, "1", null])(
  "version %j is refused as a whole, with those that are spoken, and nothing of it is kept",
  async (protocol) => {
    const host = new TestHost();
    const body = push(host.section([host.snapshot(Date.now(), [1, 2, 3])]));
    const response = await service.push({ ...body, protocol });
    expect(response.status).toBe(400);
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    expect(code).toBe("BAD_REQUEST");
    expect(detail).toMatch(/speaks version 1: upgrade whichever of agent and service is older/);
    const { data } = await service.graphql("query ($id: ID!) { host(id: $id) { id } }", { id: host.id });
    expect(data.host).toBeNull();
  },
);
