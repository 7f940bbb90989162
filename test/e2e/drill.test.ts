/** Drills: real faults on the kernel of this machine, followed through the real service. */
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DrillRun, type DrillRunOptions, pathWithoutUnshare, startDrill } from "../support/drill.ts";
import { startOnOwnDatabase, suiteService } from "../support/own-database-service.ts";
import { descendantsOf, stateOf } from "../support/processes.ts";
import { startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const isRoot = process.getuid?.() === 0;
const canUnshare =
  spawnSync("unshare", [isRoot ? "-n" : "-Urn", "ip", "link", "set", "lo", "up"]).status === 0;
const bare = pathWithoutUnshare();
const NO_TOOLS = { env: { PATH: bare.PATH } };

const service = suiteService();
let token: string;

beforeAll(async () => {
  token = await service.token("read", "ingest");
});

afterAll(async () => {
  bare.remove();
});

const start = (kind: string, options: DrillRunOptions = {}) =>
  startDrill([kind, "--server", service.url], { token, ...options });

/** Nothing that it has started runs, and none of its files is left. */
async function expectNothingLeft({ folder }: DrillRun, started: readonly number[]): Promise<void> {
  await waitFor("the end of all that a drill has started", () =>
    started.every((pid) => stateOf(pid) === null),
  );
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
}

/** The drill is made to its end, and the cause that is named is the right one. */
async function expectNamed(kind: string, cause: string, port: number | null): Promise<void> {
  const run = start(kind);
  await run.event("loaded");
  const started = descendantsOf(run.process);
  expect(started.length).toBeGreaterThanOrEqual(4);
  const { code, events, errors } = await run.ended();
  const verdict = events.find((event) => event.type === "verdict");
  expect([kind, verdict?.incident?.cause, code, errors]).toEqual([kind, cause, 0, ""]);
  const listeners = verdict?.incident?.diagnosis?.evidence.flatMap(({ listener }) => listener ?? []) ?? [];
  expect([...new Set(listeners.map((listener) => listener.port))]).toEqual(port === null ? [] : [port]);
  expect(verdict?.clients.attempted).toBeGreaterThan(0);
  const types = events.map(({ type }) => type);
  for (const type of ["begun", "loaded", "seen", "flagged", "opened", "verdict", "left", "after"]) {
    expect(types, kind).toContain(type);
  }
  await expectNothingLeft(run, started);
}

test.runIf(canUnshare)(
  "each fault is made, and its cause and listener are named (where namespaces are allowed)",
  async () => {
    // A flood takes minutes and costs little; the others would be slower beside each other.
    const flood = expectNamed("flood", "SYN_FLOOD", null);
    flood.catch(() => undefined);
    await expectNamed("stalled", "APPLICATION_STALLED", 8080);
    await expectNamed("slow", "APPLICATION_SLOW", 8080);
    await expectNamed("small-backlog", "ACCEPT_QUEUE_TOO_SMALL", 8080);
    await flood;
    const { data } = await service.graphql(
      "{ hosts(first: 9) { edges { node { status ephemeral labels } } } }",
    );
    const hosts = data.hosts.edges.map(({ node }: { node: object }) => node);
    expect(hosts).toEqual(
      Array(4).fill({ status: "LEFT", ephemeral: true, labels: { drill: "true", ephemeral: "true" } }),
    );
  },
  400_000,
);

describe("where namespaces are not allowed", () => {
  test("an application that stands still is made on loopback, and named", async () => {
    const run = start("stalled", NO_TOOLS);
    expect(await run.event("begun")).toMatchObject({ place: "loopback", why: "unshare is not installed" });
    await run.event("loaded");
    const started = descendantsOf(run.process);
    const { code, events } = await run.ended();
    const verdict = events.find((event) => event.type === "verdict");
    expect([verdict?.incident?.cause, code]).toEqual(["APPLICATION_STALLED", 0]);
    await expectNothingLeft(run, started);
  });

  test("a flood is refused, with what it takes", async () => {
    const run = start("flood", NO_TOOLS);
    expect(await run.ended()).toMatchObject({
      code: 1,
      events: [],
      errors: expect.stringMatching(
        /the drill "flood" cannot be made here \(unshare .*needed are root or user/,
      ),
    });
    await expectNothingLeft(run, []);
  });
});

describe("one that is ended early leaves nothing", () => {
  test.each([
    ["SIGINT", 130, {}],
    ["SIGKILL", null, {}],
    ["SIGKILL", null, NO_TOOLS],
  ] as const)("by %s (exit code %s, %o)", async (signal, exitCode, options) => {
    const run = start("stalled", options);
    const { hostId } = await run.event("loaded");
    const started = descendantsOf(run.process);
    run.process.kill(signal);
    expect((await run.ended()).code).toBe(exitCode);
    await waitFor("its files to be gone", () => readdirSync(run.folder).length === 0);
    await expectNothingLeft(run, started);
    if (signal !== "SIGINT") return;
    await waitFor("its host to have left", async () => {
      const { data } = await service.graphql(`{ host(id: "${hostId}") { status } }`);
      return data.host.status === "LEFT";
    });
  });

  test("when the service is lost", async () => {
    const lost = await startOnOwnDatabase();
    try {
      const run = startDrill(["slow", "--server", lost.url], { token: await lost.token("read", "ingest") });
      await run.event("loaded");
      const started = descendantsOf(run.process);
      await lost.kill();
      const { code, errors } = await run.ended();
      expect([code, errors]).toEqual([1, expect.stringContaining("no Spillway answers at")]);
      await expectNothingLeft(run, started);
    } finally {
      await lost.close();
    }
  });
});

test("nothing is begun without a service, or with a token that is not its own, or may not push", async () => {
  const runs = [
    startDrill(["slow", "--server", "http://127.0.0.1:1"], { token }),
    start("slow", { token: `spw_${"x".repeat(43)}` }),
    start("slow", { token: await service.token("read") }),
  ];
  const [nowhere, stranger, reader] = await Promise.all(runs.map((run) => run.ended()));
  for (const run of runs) await expectNothingLeft(run, []);
  expect(nowhere).toMatchObject({
    code: 1,
    events: [],
    errors: expect.stringMatching(/no Spillway answers at .*start it/),
  });
  expect(stranger).toMatchObject({
    code: 1,
    events: [],
    errors: expect.stringContaining("the service says:"),
  });
  expect(reader).toMatchObject({
    code: 1,
    events: [],
    errors: expect.stringContaining("lacks the scope ingest"),
  });
});

describe("by the API", () => {
  const FIELDS = "kind phase named problem startedBy host incident { cause } lines";

  test("an administrator starts one, one at a time, and it is followed to its end", async () => {
    expect((await service.graphql(`{ drill { kind } }`)).data.drill).toBeNull();
    const both = await Promise.all(
      [1, 2].map(() => service.graphql(`mutation { startDrill(kind: STALLED) { ${FIELDS} } }`)),
    );
    const [begun] = both.flatMap(({ data }) => data ?? []);
    expect(begun.startDrill).toMatchObject({ kind: "STALLED", phase: "PREPARING", named: null, lines: [] });
    const refused = both.flatMap(({ errors }) => errors ?? []);
    expect(refused).toMatchObject([
      { message: expect.stringContaining("a drill is under way"), extensions: { code: "CONFLICT" } },
    ]);
    const drill = await waitFor(
      "the end of the drill",
      async () => {
        const { data } = await service.graphql(`{ drill { ${FIELDS} } }`);
        return data.drill.phase === "ENDED" ? data.drill : null;
      },
      { timeoutMs: 120_000 },
    );
    expect(drill).toMatchObject({ named: true, problem: null, incident: { cause: "APPLICATION_STALLED" } });
    expect(drill.lines.join("\n")).toMatch(/The verdict: right/);
    const { data } = await service.graphql(
      "{ audit(first: 5) { edges { node { action target details } } } tokens { name hostPattern scopes revokedAt } }",
    );
    expect(data.audit.edges.map(({ node }: { node: object }) => node)).toContainEqual({
      action: "drill.start",
      target: drill.host,
      details: { kind: "STALLED", tokenId: expect.any(String) },
    });
    await waitFor("its token to have ended", async () => {
      const { data: now } = await service.graphql("{ tokens { name hostPattern revokedAt } }");
      const own = now.tokens.find(({ name }: { name: string }) => name === "drill");
      return own.hostPattern === drill.host && own.revokedAt !== null;
    });
  });

  test("a process that only serves makes none, and says how", async () => {
    const serving = await startService({ databaseUrl: service.databaseUrl, role: "serve" });
    try {
      const { data, errors } = await serving.graphql("mutation { startDrill(kind: SLOW) { kind } }");
      expect(data).toBeNull();
      expect(errors).toMatchObject([
        { message: expect.stringContaining("npm run drill -- slow"), extensions: { code: "CONFLICT" } },
      ]);
    } finally {
      await serving.stop();
    }
  });
});
