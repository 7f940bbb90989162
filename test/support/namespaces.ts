/** Network namespaces with processes in them, the agent that is to see them, and what the service shows. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { chmodSync, chownSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, inject } from "vitest";
import { createDatabase, databaseUrlOf, dropDatabase } from "./databases.ts";
import { end, firstLine, readCounter, script } from "./network.ts";
import { cleanEnvironment, type Service, startService } from "./service.ts";
import { waitFor } from "./wait.ts";

const AGENT = fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));
const HOST = "namespaces-host";

export const isRoot = process.getuid?.() === 0;
/** Without root a namespace takes one of users as well. */
const UNSHARE = isRoot ? ["unshare", "-n"] : ["unshare", "-Urn"];
const ENTER = isRoot ? ["-n"] : ["-U", "-n", "--preserve-credentials"];
export const canUnshare = spawnSync("unshare", [...UNSHARE.slice(1), "true"]).status === 0;

/** What a test started, ended in reverse. */
export class Started {
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

export interface HeldNamespace {
  /** Name of its oldest process, by which the test finds it again. */
  readonly process: string;
  readonly pid: number;
  /** Starts node in it. */
  node(...args: string[]): ChildProcess;
  /** Refuses connections by a full accept queue until the kernel has counted at least so many more. */
  overflow(atLeast: number): Promise<number>;
  /** Ends the process that holds it. */
  leave(): Promise<void>;
}

async function holdNamespace(
  folder: string,
  name: string,
  started: Started,
  enter: readonly string[] = UNSHARE,
): Promise<HeldNamespace> {
  const shell = join(folder, name);
  symlinkSync("/bin/sh", shell);
  const [command = "", ...args] = enter;
  const holder = started.child(
    spawn(command, [...args, shell, "-c", "ip link set lo up && echo ready && read forever"], {
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
    node,
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
    leave: () => end(holder),
  };
}

/** `ip netns add`: a namespace that a mount keeps. @returns how to enter it. */
export function mountNamespace(name: string, started: Started): readonly string[] {
  execFileSync("ip", ["netns", "add", name], { stdio: "pipe" });
  started.add(() => execFileSync("ip", ["netns", "del", name], { stdio: "pipe" }));
  return ["ip", "netns", "exec", name];
}

export interface SeenNamespace {
  readonly kind: string;
  readonly lastSeen: string;
  readonly overflows: string | null;
  readonly drops: string | null;
}

export type SeenNamespaces = ReadonlyMap<string, SeenNamespace>;

/** A service, and an agent that watches this machine for it. */
export interface WatchedMachine {
  readonly folder: string;
  readonly service: Service;
  /** In the names of what this test makes: others may run on this machine. */
  readonly tag: string;
  /** GraphQL of the host. */
  host(fields: string): Promise<Record<string, never> | null>;
  /** A new network namespace, or one made by `ip netns add`, held by a shell of this name, with the test's tag. */
  hold(name: string, enter?: readonly string[]): Promise<HeldNamespace>;
  /** @param more flags besides those that every run has. */
  startAgent(...more: string[]): ChildProcess;
  /** The host's namespaces by the name of their oldest process, those that the test holds; the root under ROOT. */
  namespaces(): Promise<SeenNamespaces>;
  /** Waits until what is seen of the namespaces holds, and gives it. */
  settled(what: string, holds: (now: SeenNamespaces) => boolean): Promise<SeenNamespaces>;
}

/** @param uid the user that the agent runs as; null for the test's own. */
export async function watchMachine(uid: number | null, started: Started): Promise<WatchedMachine> {
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
  const since = new Date(Date.now() - 60_000).toISOString();
  const tag = `${process.pid % 10_000}${uid === null ? "r" : "n"}`;
  const held = new Set<string>();
  let agentLog = "";

  const host: WatchedMachine["host"] = async (fields) =>
    (await service.graphql(`{ host(name: "${HOST}") { ${fields} } }`)).data.host;

  async function namespaces(): Promise<SeenNamespaces> {
    const { data } = await service.graphql(
      `{ host(name: "${HOST}") { namespaces { id kind lastSeen labels } } }`,
    );
    const seen = new Map<string, SeenNamespace>();
    for (const { id, kind, lastSeen, labels } of data.host?.namespaces ?? []) {
      const name = kind === "ROOT" ? "ROOT" : labels.process;
      if (kind !== "ROOT" && !held.has(name)) continue;
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

  return {
    folder,
    service,
    host,
    namespaces,
    tag,
    hold(name, enter) {
      held.add(`spw-${name}-${tag}`);
      return holdNamespace(folder, `spw-${name}-${tag}`, started, enter);
    },
    startAgent(...more) {
      const agent = spawn(
        process.execPath,
        [
          bundle,
          ...["--server", service.url, "--token-file", tokenFile, "--state-dir", join(own, "state")],
          ...["--name", HOST, "--interval", "500ms", "--namespace-scan", "1s", ...more],
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
    },
    async settled(what, holds) {
      let seen: SeenNamespaces = new Map();
      await waitFor(
        what,
        async () => {
          seen = await namespaces();
          return holds(seen);
        },
        { timeoutMs: 60_000 },
      ).catch((error: unknown) => {
        const output = `the agent wrote:\n${agentLog}\nthe service wrote:\n${service.output()}`;
        throw new Error(`${String(error)}\nseen: ${JSON.stringify([...seen])}\n${output}`);
      });
      return seen;
    },
  };
}
