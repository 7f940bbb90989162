/**
 * Network namespaces on the real kernel: each that a process is in comes out as one of the host's namespaces
 * with exactly its own overflows, through the real agent, service and GraphQL.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject, test } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "../support/databases.ts";
import { end, firstLine, readCounter, script } from "../support/network.ts";
import { cleanEnvironment, type Service, startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

const AGENT = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));
const HOST = "namespaces-host";
const NOBODY = 65_534;

const isRoot = process.getuid?.() === 0;
/** Without root a namespace takes one of users as well. */
const UNSHARE = isRoot ? ["-n"] : ["-Urn"];
const ENTER = isRoot ? ["-n"] : ["-U", "-n", "--preserve-credentials"];
const canUnshare = spawnSync("unshare", [...UNSHARE, "true"]).status === 0;

interface Namespace {
  /** Name of its oldest process, by which the test finds it again. */
  readonly process: string;
  readonly pid: number;
  /** Refuses connections by a full accept queue until the kernel has counted at least so many. */
  overflow(atLeast: number): Promise<number>;
}

/** What a test started, ended in reverse. */
class Started {
  readonly #ends: (() => unknown)[] = [];
  add(undo: () => unknown): void {
    this.#ends.unshift(undo);
  }
  child(child: ChildProcess): ChildProcess {
    this.add(() => end(child));
    return child;
  }
  async end(): Promise<void> {
    for (const undo of this.#ends) await undo();
  }
}

/** A network namespace held by a shell of its own name. */
async function makeNamespace(folder: string, name: string, started: Started): Promise<Namespace> {
  const shell = join(folder, name);
  symlinkSync("/bin/sh", shell);
  const holder = started.child(
    spawn("unshare", [...UNSHARE, shell, "-c", "ip link set lo up && echo ready && read forever"], {
      stdio: "pipe",
    }),
  );
  expect(await firstLine(holder)).toBe("ready");
  const pid = holder.pid ?? 0;
  const node = (...args: string[]) =>
    started.child(
      spawn("nsenter", ["-t", String(pid), ...ENTER, process.execPath, ...args], {
        env: cleanEnvironment(),
        stdio: "pipe",
      }),
    );
  return {
    process: name,
    pid,
    async overflow(atLeast) {
      const before = readCounter(pid, "ListenOverflows");
      const listener = node(script("listener"), "127.0.0.1", "4");
      const port = await firstLine(listener);
      listener.kill("SIGSTOP");
      const clients = node(script("connect"), "127.0.0.1", port, String(atLeast + 5));
      await firstLine(clients);
      await waitFor(
        `${atLeast} overflows in ${name}`,
        () => readCounter(pid, "ListenOverflows") - before >= atLeast,
      );
      await end(clients);
      await end(listener);
      return readCounter(pid, "ListenOverflows");
    },
  };
}

interface Seen {
  readonly kind: string;
  readonly lastSeen: string;
  readonly overflows: string | null;
  readonly drops: string | null;
}

/** The host's namespaces by the name of their oldest process; the root under ROOT. */
async function readNamespaces(service: Service, since: string): Promise<ReadonlyMap<string, Seen>> {
  const { data } = await service.graphql(
    `{ host(name: "${HOST}") { namespaces { id kind lastSeen labels } } }`,
  );
  const seen = new Map<string, Seen>();
  for (const { id, kind, lastSeen, labels } of data.host?.namespaces ?? []) {
    const name = kind === "ROOT" ? "ROOT" : labels.process;
    if (kind !== "ROOT" && !String(name).startsWith("spw")) continue;
    const { data: counted } = await service.graphql(
      `query ($since: DateTime!, $id: ID!) { host(name: "${HOST}") {
        overflows: increase(counter: "ListenOverflows", range: {from: $since}, namespace: $id)
        drops: increase(counter: "ListenDrops", range: {from: $since}, namespace: $id) } }`,
      { since, id },
    );
    expect(seen.has(name), `two namespaces are ${name}`).toBe(false);
    seen.set(name, { kind, lastSeen, ...counted.host });
  }
  return seen;
}

async function followNamespaces(uid: number | null): Promise<void> {
  const started = new Started();
  try {
    const folder = await mkdtemp(join(tmpdir(), "spillway-namespaces-"));
    started.add(() => rm(folder, { recursive: true, force: true }));
    chmodSync(folder, 0o755);
    const database = await createDatabase(inject("postgresUrl"));
    started.add(() => dropDatabase(inject("postgresUrl"), database));
    const service = await startService({
      databaseUrl: databaseUrlOf(inject("postgresUrl"), database),
      env: { SPILLWAY_INTERVAL: "500ms" },
    });
    started.add(() => service.stop());

    // Where any user can read it: the checkout may be in a home folder.
    const bundle = join(folder, "agent.mjs");
    copyFileSync(AGENT, bundle);
    const own = join(folder, "own");
    mkdirSync(own);
    const tokenFile = join(own, "token");
    writeFileSync(tokenFile, await service.token("ingest"), { mode: 0o600 });
    if (uid !== null) for (const path of [own, tokenFile]) chownSync(path, uid, uid);
    let agentLog = "";
    const startAgent = () => {
      const agent = spawn(
        process.execPath,
        [
          bundle,
          ...["--server", service.url, "--token-file", tokenFile, "--state-dir", join(own, "state")],
          ...["--name", HOST, "--interval", "500ms", "--namespace-scan", "1s"],
        ],
        {
          cwd: folder,
          env: cleanEnvironment(),
          stdio: ["ignore", "ignore", "pipe"],
          ...(uid === null ? {} : { uid, gid: uid }),
        },
      );
      agent.stderr?.setEncoding("utf8").on("data", (text: string) => {
        agentLog += text;
      });
      return started.child(agent);
    };
    const tag = `${process.pid % 10_000}${uid === null ? "r" : "n"}`;
    const first = await makeNamespace(folder, `spw-a-${tag}`, started);
    const second = await makeNamespace(folder, `spw-b-${tag}`, started);
    // What was counted before the agent came is none of the increases.
    await second.overflow(3);
    const before = {
      overflows: readCounter(second.pid, "ListenOverflows"),
      drops: readCounter(second.pid, "ListenDrops"),
    };
    const since = new Date(Date.now() - 60_000).toISOString();
    let seen: ReadonlyMap<string, Seen> = new Map();
    const settled = async (what: string, holds: (now: ReadonlyMap<string, Seen>) => boolean) => {
      await waitFor(
        what,
        async () => {
          seen = await readNamespaces(service, since);
          return holds(seen);
        },
        { timeoutMs: 30_000 },
      ).catch((error: unknown) => {
        const output = `the agent wrote:\n${agentLog}\nthe service wrote:\n${service.output()}`;
        throw new Error(`${String(error)}\nseen: ${JSON.stringify([...seen])}\n${output}`);
      });
    };
    let agent = startAgent();
    await settled(
      "both namespaces and the root",
      (now) => now.has("ROOT") && now.has(first.process) && now.has(second.process),
    );

    const truth = { first: await first.overflow(5), second: (await second.overflow(18)) - before.overflows };
    // Born under the agent's eyes: all of it counts, what happened before its first snapshot too.
    const third = await makeNamespace(folder, `spw-c-${tag}`, started);
    const thirdTruth = await third.overflow(9);
    expect(new Set([truth.first, truth.second]).size).toBe(2);
    const expected = () => [
      [first.process, "OTHER", String(truth.first), String(readCounter(first.pid, "ListenDrops"))],
      [
        second.process,
        "OTHER",
        String(truth.second),
        String(readCounter(second.pid, "ListenDrops") - before.drops),
      ],
      [third.process, "OTHER", String(thirdTruth), String(readCounter(third.pid, "ListenDrops"))],
    ];
    const shown = (now: ReadonlyMap<string, Seen>) =>
      [...now]
        .filter(([name]) => name !== "ROOT")
        .map(([name, { kind, overflows, drops }]) => [name, kind, overflows, drops])
        .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
    const isExact = (now: ReadonlyMap<string, Seen>) =>
      JSON.stringify(shown(now)) === JSON.stringify(expected());
    await settled("each with its own counters", isExact);

    const { data } = await service.graphql(
      `{ host(name: "${HOST}") { sysctls capabilities { name available } } }`,
    );
    // The agent runs where this test does, so these are the settings of the same namespace.
    expect(data.host.sysctls).toMatchObject({
      "net.core.somaxconn": readFileSync("/proc/sys/net/core/somaxconn", "utf8").trim(),
      "net.ipv4.ip_local_port_range": expect.stringMatching(/^[0-9]+ [0-9]+$/),
    });
    expect(data.host.capabilities).toEqual(
      expect.arrayContaining([
        { name: "namespaces", available: true },
        { name: "sysctls", available: true },
        { name: "sysctls.namespaces", available: false },
      ]),
    );

    agent.kill("SIGTERM");
    await waitFor("the agent's end", () => agent.exitCode !== null);
    const restartedAt = new Date().toISOString();
    agent = startAgent();
    await settled("all three after the agent's restart, with nothing added", (now) => {
      const again = [...now].every(([, { lastSeen }]) => lastSeen > restartedAt);
      return again && isExact(now);
    });
    expect(shown(seen)).toEqual(expected());

    // Counted on across the restart, under the same identities.
    truth.first = await first.overflow(4);
    await settled("what came after the restart", isExact);
  } finally {
    await started.end();
  }
}

test.runIf(canUnshare)("two namespaces with different overflows are two, each with its own counters", () =>
  followNamespaces(null),
);

test.runIf(canUnshare && isRoot)("the same seen by an agent that runs as a plain user", () =>
  followNamespaces(NOBODY),
);
