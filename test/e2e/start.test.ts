/** The service as a new user starts it: nothing set but where its data goes, with its own Postgres and agent. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, statfs, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { isGauge } from "../../src/catalog/catalog.ts";
import { ask, dataFolder, endOwnServices, run } from "../support/own-service.ts";
import { waitFor } from "../support/wait.ts";

afterEach(endOwnServices);

/** Tcp and TcpExt counters of this process's network namespace, as cat prints them. */
async function kernelCounters(): Promise<Map<string, bigint>> {
  const counters = new Map<string, bigint>();
  for (const file of ["snmp", "netstat"]) {
    const lines = (await readFile(`/proc/self/net/${file}`, "utf8")).trim().split("\n");
    for (let index = 0; index + 1 < lines.length; index += 2) {
      const [group = "", ...names] = (lines[index] ?? "").split(" ");
      const values = (lines[index + 1] ?? "").split(" ").slice(1);
      names.forEach((name, place) => {
        counters.set(group.slice(0, -1) + name, BigInt(values[place] ?? 0));
      });
    }
  }
  return counters;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

interface Latest {
  readonly host: {
    readonly latest: { readonly counter: { readonly name: string }; readonly value: string }[];
  } | null;
}

test("a fleet of one: this machine's real counters, as the kernel prints them", async () => {
  const dataDir = await dataFolder();
  const before = await kernelCounters();
  const service = run(dataDir);
  const url = await service.ready();
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  const ready = await fetch(`${url}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    { status: "ready", checks: { database: "ok", migrations: "ok", queue: "ok" } },
  ]);

  const query = `{ host(name: ${JSON.stringify(hostname())}) { latest { counter { name } value } } }`;
  const latest = await waitFor("this host's snapshot", async () => {
    const { host } = (await ask(url, dataDir, query)) as Latest;
    return host !== null && host.latest.length > 0 ? host.latest : null;
  });
  const after = await kernelCounters();
  expect(latest.length).toBeGreaterThan(100);
  // Each lies between a reading before and one after, and most of them have not moved at all.
  let equal = 0;
  // A gauge goes up and down between the two.
  const counters = latest.filter(({ counter: { name } }) => !name.startsWith("Sockstat") && !isGauge(name));
  for (const { counter, value } of counters) {
    const [low, high] = [before.get(counter.name), after.get(counter.name)];
    if (low === undefined || high === undefined) throw new Error(`the kernel prints no ${counter.name}`);
    if (low === high) equal++;
    if (high >= low)
      expect([counter.name, BigInt(value) >= low && BigInt(value) <= high]).toEqual([counter.name, true]);
  }
  expect(equal).toBeGreaterThan(50);
  expect(latest.map(({ counter }) => counter.name)).not.toContain("TcpMaxConn");

  const { system } = (await ask(url, dataDir, "{ system { storage { freeBytes bytes } } }")) as {
    system: { storage: { freeBytes: number; bytes: number } };
  };
  const { bavail, bsize } = await statfs(dataDir);
  expect(Math.abs(system.storage.freeBytes / (bavail * bsize) - 1)).toBeLessThan(0.2);
  expect(system.storage.bytes).toBeGreaterThan(100_000);

  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toMatch(/spillway_ingest_snapshots_total\{result="stored",code=""\} [1-9]/);

  const asked = performance.now();
  const exited = once(service.child, "exit").then(() => performance.now());
  service.child.kill("SIGTERM");
  expect(await service.ended).toBe(0);
  expect((await exited) - asked).toBeLessThan(10_000);
});

test("what the start prints works: the curl line, the sign-in link, once", async () => {
  const dataDir = await dataFolder();
  const service = run(dataDir, { SPILLWAY_LOCAL_AGENT: "0" });
  await service.ready();
  const curl = /^curl .*$/m.exec(service.output())?.[0] ?? "";
  const answer = JSON.parse(execFileSync("sh", ["-c", curl], { encoding: "utf8" }));
  expect(answer).toEqual({ data: { fleet: { hostCount: 0, reportingCount: 0 } } });
  for (const file of ["admin-token", "ingest-token"]) {
    expect((await stat(join(dataDir, file))).mode & 0o777).toBe(0o600);
  }

  const link = /Sign in +(\S+)/.exec(service.output())?.[1] ?? "";
  const home = new URL("/", link).href;
  expect((await fetch(home)).status).toBe(401);
  const signedIn = await fetch(link, { redirect: "manual" });
  const cookie = signedIn.headers.get("set-cookie") ?? "";
  expect(signedIn.status).toBe(303);
  expect(cookie).toMatch(/^spillway_session=[\w-]{43}; .*HttpOnly; SameSite=Lax$/);
  const session = { cookie: cookie.split(";")[0] ?? "" };
  const page = await fetch(home, { headers: session });
  expect([page.status, await page.text()]).toEqual([
    200,
    expect.stringMatching(/<script type="module" crossorigin src="\/assets\/[\w-]+\.js">/),
  ]);
  expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
  const body = JSON.stringify({ query: "{ viewer { name scopes } }" });
  const headers = { ...session, "content-type": "application/json" };
  const viewer = await fetch(new URL("/graphql", link), { method: "POST", headers, body });
  expect(await viewer.json()).toEqual({
    data: { viewer: { name: "administrator", scopes: ["read", "operate", "admin"] } },
  });
  expect((await fetch(link, { redirect: "manual" })).status).toBe(401);

  const another = run(dataDir, { SPILLWAY_PORT: new URL(link).port }, ["sign-in"]);
  expect(await another.ended).toBe(0);
  const again = another.output().trim();
  expect((await fetch(again, { redirect: "manual" })).status).toBe(303);
  await fetch(new URL("/sign-out", link), { method: "POST", headers: session, redirect: "manual" });
  await waitFor(
    "the session to have ended",
    async () => (await fetch(home, { headers: session })).status === 401,
  );
});

test("a second service on the same data is refused, and so is a taken port; neither harms the first", async () => {
  const dataDir = await dataFolder();
  const first = run(dataDir, { SPILLWAY_LOCAL_AGENT: "0" });
  const url = await first.ready();
  const second = run(dataDir);
  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(
    /another Spillway \(pid \d+\) is using the data directory .*SPILLWAY_DATA_DIR/,
  );

  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { port: number };
  const third = run(await dataFolder(), { SPILLWAY_PORT: String(port), SPILLWAY_LOCAL_AGENT: "0" });
  expect(await third.ended).toBe(1);
  expect(third.output()).toMatch(
    new RegExp(`cannot listen on 127.0.0.1:${port}: another process has it.*SPILLWAY_PORT`),
  );
  taken.close();
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
});

test("after kill -9 the next start has the data, and the tokens hold", async () => {
  const dataDir = await dataFolder();
  const first = run(dataDir);
  const url = await first.ready();
  const query = `{ hosts { totalCount edges { node { id } } } }`;
  const seen = await waitFor("this host", async () => {
    const data = (await ask(url, dataDir, query)) as { hosts: { totalCount: number } };
    return data.hosts.totalCount === 1 ? data : null;
  });
  const agentPid = Number.parseInt(await readFile(join(dataDir, "agent", "agent.lock"), "utf8"), 10);
  first.child.kill("SIGKILL");
  await first.ended;
  await waitFor("its agent to have ended with it", async () => !(await isThere(`/proc/${agentPid}`)));
  const second = run(dataDir);
  const again = await second.ready();
  expect(await ask(again, dataDir, query)).toEqual(seen);
  expect(second.output()).toContain("took over the data of a service that had been killed");
});

test("a signal during the start stops what has started, and is no fault", async () => {
  const dataDir = await dataFolder();
  const first = run(dataDir, { SPILLWAY_LOCAL_AGENT: "0" });
  await first.ready();
  first.child.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  for (const part of ["started database", "started store", "started queues", "started http"]) {
    const service = run(dataDir, { SPILLWAY_LOCAL_AGENT: "0" });
    await waitFor(`the service to have "${part}"`, () => service.output().includes(part), {
      timeoutMs: 60_000,
    });
    service.child.kill("SIGTERM");
    expect([part, await service.ended]).toEqual([part, 0]);
    expect([part, await isThere(join(dataDir, "postgres", "18", "postmaster.pid"))]).toEqual([part, false]);
  }
});

test("a token file that holds no token ends the start in order, and names the file", async () => {
  const dataDir = await dataFolder();
  await writeFile(join(dataDir, "admin-token"), "");
  const service = run(dataDir);
  expect(await service.ended).toBe(1);
  expect(service.output()).toContain(`${join(dataDir, "admin-token")} holds no token: delete it`);
  expect(await isThere(join(dataDir, "postgres", "18", "postmaster.pid"))).toBe(false);
});

test("a fault of the configuration is told in one go, and ends the start", async () => {
  const service = run("relative", { SPILLWAY_PORT: "http" });
  expect(await service.ended).toBe(1);
  expect(service.output()).toMatch(
    /^spillway: the configuration has faults:\n +SPILLWAY_PORT:.*\n +SPILLWAY_DATA_DIR:.*\n$/,
  );
  const check = run(await dataFolder(), {}, ["check-config"]);
  expect(await check.ended).toBe(0);
});
