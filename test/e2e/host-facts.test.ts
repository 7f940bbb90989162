/** What agents say of a host besides counters comes back over GraphQL. */
import { expect, test } from "vitest";
import type { WireListener } from "../../src/protocol/message.ts";
import { suiteService } from "../support/own-database-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { waitFor } from "../support/wait.ts";

const service = suiteService();

async function ask(host: TestHost, fields: string) {
  return waitFor(`the host ${host.name}`, async () => {
    const { data, errors } = await service.graphql(`query ($id: ID!) { host(id: $id) { ${fields} } }`, {
      id: host.id,
    });
    if (errors !== undefined) throw new Error(errors[0]?.message);
    return data.host;
  });
}

function listener(more: Partial<WireListener>): WireListener {
  return {
    address: "0.0.0.0",
    port: 80,
    inode: "1001",
    acceptQueue: 0,
    peakQueue: 0,
    limit: 128,
    samplesFull: 0,
    drops: 0,
    ...more,
  };
}

test("settings and capabilities are kept when they are said, and not undone by silence or by older ones", async () => {
  const host = new TestHost();
  const now = Date.now();
  const capabilities = [
    { name: "listeners", available: true },
    { name: "listeners.limits", available: false, reason: "tcp_diag is not loaded: run modprobe tcp_diag" },
  ];
  const first = host.snapshot(now - 20_000, [1, 1, 1], { sysctls: { "net.core.somaxconn": "128" } });
  const second = host.snapshot(now - 10_000, [1, 1, 1], { sysctls: { "net.core.somaxconn": "4096" } });
  await service.pushed(push(host.section([second], { capabilities })));
  await service.pushed(push(host.section([first])));
  await service.pushed(push(host.section([host.snapshot(now, [2, 2, 2])])));
  expect(await ask(host, "sysctls capabilities { name available reason } namespaces { sysctls }")).toEqual({
    sysctls: { "net.core.somaxconn": "4096" },
    capabilities: [
      { name: "listeners", available: true, reason: null },
      { name: "listeners.limits", available: false, reason: "tcp_diag is not loaded: run modprobe tcp_diag" },
    ],
    namespaces: [{ sysctls: { "net.core.somaxconn": "4096" } }],
  });
});

test("listeners come as the newest snapshot has them, the fullest first, with their peak", async () => {
  const host = new TestHost();
  const now = Date.now();
  const at = (ago: number, sockets: WireListener[]) =>
    host.snapshot(now - ago, [1, 1, 1], { listeners: { source: "ss", samples: 5, sockets } });
  const healthy = listener({ inode: "1", port: 443, limit: 511 });
  const full = listener({
    inode: "2",
    port: 8080,
    limit: 4,
    owner: "node",
    uid: 33,
    cgroup: "/system.slice/app.service",
  });
  await service.pushed(
    push(
      host.section([
        at(20_000, [healthy, { ...full, acceptQueue: 5, peakQueue: 5, samplesFull: 4, drops: 7 }]),
        at(10_000, [healthy, { ...full, acceptQueue: 2, peakQueue: 3, samplesFull: 0, drops: 7 }]),
        host.snapshot(now, [1, 1, 1]),
      ]),
    ),
  );
  const fields = `listeners { advice port address backlog backlogInferred acceptQueue samples samplesFull owner uid cgroup
    peakFill(range: {last: "1h"}) namespace { kind } host { name } }`;
  expect((await ask(host, fields)).listeners).toEqual([
    {
      advice: expect.stringMatching(/^The queue held 3 of the 5 /),
      port: 8080,
      address: "0.0.0.0",
      backlog: 4,
      backlogInferred: false,
      acceptQueue: 2,
      samples: 5,
      samplesFull: 0,
      owner: "node",
      uid: 33,
      cgroup: "/system.slice/app.service",
      peakFill: 1,
      namespace: { kind: "ROOT" },
      host: { name: host.name },
    },
    expect.objectContaining({ port: 443, backlog: 511, acceptQueue: 0, owner: null, uid: null, peakFill: 0 }),
  ]);
  const [{ id }] = (await ask(host, "listeners { id }")).listeners;
  const { data } = await service.graphql(
    `query ($id: ID!) { node(id: $id) { __typename id ... on Listener { port host { name } } }
      closed: node(id: "${id.replace(/\d+$/, "9")}") { id } }`,
    { id },
  );
  expect(data).toEqual({
    node: { __typename: "Listener", id, port: 8080, host: { name: host.name } },
    closed: null,
  });
});

test("a partial list changes what it names, and the next complete one alone closes a listener", async () => {
  const host = new TestHost();
  const now = Date.now();
  const at = (ago: number, sockets: WireListener[], complete?: boolean) =>
    host.snapshot(now - ago, [1, 1, 1], {
      listeners: { source: "ss", samples: 5, ...(complete === undefined ? {} : { complete }), sockets },
    });
  const on = (port: number, more: Partial<WireListener> = {}) =>
    listener({ port, inode: String(port), ...more });
  const fields = `listeners { port acceptQueue samplesFull peakFill(range: {from: "${new Date(now - 15_000).toISOString()}"}) }`;
  const seen = async () => {
    const { listeners } = await ask(host, fields);
    return listeners.map((one: Record<string, unknown>) => Object.values(one));
  };
  const full = { acceptQueue: 129, peakQueue: 129, samplesFull: 5 };

  // Older than the complete list, so none of them is there any more.
  await service.pushed(push(host.section([at(170_000, [on(1)]), at(165_000, [on(2, full)], false)])));
  await service.pushed(push(host.section([at(160_000, [on(10), on(20), on(30, full)], true)])));
  await service.pushed(push(host.section([at(150_000, [on(30)], false), at(12_000, [], false)])));
  expect(await seen()).toEqual([
    [10, 0, 0, 0],
    [20, 0, 0, 0],
    [30, 0, 0, 0],
  ]);
  await service.pushed(push(host.section([at(10_000, [on(20, full), on(40)], false), at(8_000, [], false)])));
  expect(await seen()).toEqual([
    [20, 129, 5, 1],
    [10, 0, 0, 0],
    [30, 0, 0, 0],
    [40, 0, 0, 0],
  ]);
  // As an older agent sends it: complete, since it does not say.
  await service.pushed(push(host.section([at(5_000, [on(20), on(40)])])));
  expect(await seen()).toEqual([
    [20, 0, 0, 1],
    [40, 0, 0, 0],
  ]);
});

test("of partial lists alone, those of the last two minutes count", async () => {
  const host = new TestHost();
  const now = Date.now();
  const at = (ago: number, port: number) =>
    host.snapshot(now - ago, [1, 1, 1], {
      listeners: {
        source: "ss",
        samples: 1,
        complete: false,
        sockets: [listener({ port, inode: String(port) })],
      },
    });
  await service.pushed(push(host.section([at(600_000, 1), at(60_000, 2), at(1_000, 3)])));
  expect((await ask(host, "listeners { port }")).listeners).toEqual([{ port: 2 }, { port: 3 }]);
});

test("a listener that was full is advised by what limits it", async () => {
  const host = new TestHost();
  const sockets = [
    listener({ inode: "1", port: 1, limit: 511, acceptQueue: 512, peakQueue: 512, samplesFull: 1 }),
    listener({ inode: "2", port: 2, limit: 4, acceptQueue: 5, peakQueue: 5, samplesFull: 5 }),
  ];
  const listeners = { source: "ss", samples: 5, sockets } as const;
  const more = { listeners, sysctls: { "net.core.somaxconn": "4096" } };
  await service.pushed(push(host.section([host.snapshot(Date.now() - 1_000, [1, 1, 1], more)])));
  const seen = (await ask(host, "listeners { port advice }")).listeners;
  const advice = (port: number) => seen.find((one: { port: number }) => one.port === port)?.advice;
  expect(advice(1)).toMatch(/raise the backlog in the application's listen\(\) call from 511/);
  expect(advice(2)).toMatch(/a larger backlog will not help/);
});

test("listeners of some snapshots of a push, and not of the first, are kept as they are", async () => {
  const host = new TestHost();
  const now = Date.now();
  const listeners = { source: "ss", samples: 1, sockets: [listener({ port: 9 })] } as const;
  const bare = host.snapshot(now - 2_000, [1, 1, 1]);
  await service.pushed(push(host.section([bare, host.snapshot(now - 1_000, [1, 1, 1], { listeners })])));
  expect((await ask(host, "listeners { port }")).listeners).toEqual([{ port: 9 }]);
});

test("a queue whose limit cannot be seen has none, and no fill", async () => {
  const host = new TestHost();
  const sockets = [listener({ limit: null, drops: null, acceptQueue: 3, peakQueue: 3 })];
  const listeners = { source: "proc", samples: 1, sockets } as const;
  await service.pushed(push(host.section([host.snapshot(Date.now() - 1_000, [1, 1, 1], { listeners })])));
  const [one] = (await ask(host, "listeners { backlog acceptQueue peakFill }")).listeners;
  expect(one).toEqual({ backlog: null, acceptQueue: 3, peakFill: null });
});

test("a host whose agent leaves has left; one that comes back reports", async () => {
  const host = new TestHost();
  const status = async () => (await ask(host, "status")).status;
  await service.pushed(push(host.section([host.snapshot(Date.now(), [1, 1, 1])], { goodbye: "leaving" })));
  await waitFor("it to have left", async () => (await status()) === "LEFT");
  await service.pushed(push(host.section([host.snapshot(Date.now() + 1, [1, 1, 1])])));
  await waitFor("it to report", async () => (await status()) === "REPORTING");
  await service.pushed(push(host.section([], { goodbye: "restarting" })));
  expect(await status()).toBe("REPORTING");
});

test("an agent's own health travels along", async () => {
  const host = new TestHost();
  const health = {
    cycleCpuMs: 1.5,
    childCpuMs: 5,
    rssBytes: 4e7,
    spoolDepth: 3,
    spoolAgeMs: 900,
    dropped: { FUTURE: 2 },
  };
  await service.pushed(push(host.section([host.snapshot(Date.now(), [1, 1, 1])], { health })));
  const seen = await waitFor("its health", async () => {
    const answer = await ask(
      host,
      "agentHealth { cycleCpuMs childCpuMs rssBytes spoolDepth spoolAgeMs dropped }",
    );
    return answer.agentHealth;
  });
  expect(seen).toEqual({ ...health, dropped: { FUTURE: "2" } });
});

test.each([
  [
    "a port",
    { listeners: { source: "ss", samples: 1, sockets: [{ ...listener({}), port: 70_000 }] } },
    /port/,
  ],
  ["a source", { listeners: { source: "guess", samples: 1, sockets: [] } }, /source/],
  ["a sysctl", { sysctls: { "Net Core": "1" } }, /sysctl/],
])("%s that is none is refused", async (_name, more, message) => {
  const host = new TestHost();
  const snapshot = { ...host.snapshot(Date.now(), [1, 1, 1]), ...more };
  const { results } = await service.pushed(push(host.section([snapshot])));
  expect(results).toMatchObject([
    { status: "rejected", code: "MALFORMED", message: expect.stringMatching(message) },
  ]);
});
