import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { HostSection, Push } from "../../src/protocol/message.ts";
import { type Agent, startAgent as startProcess } from "../support/agent.ts";
import { waitFor } from "../support/wait.ts";
import { journalOf, keyOf, readJournal } from "../unit/agent/spool/support/journal.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const KILLS = Number(process.env.SPILLWAY_TEST_KILLS ?? 20);
const IS_ROOT = process.getuid?.() === 0;
const LONG = { timeoutMs: 90_000 };

beforeAll(() => {
  execFileSync(process.execPath, [join(ROOT, "scripts/build.mjs"), "--if-stale"], { stdio: "inherit" });
});

type Answer = (sections: readonly HostSection[], response: ServerResponse) => void;

/** Plays the service: takes everything, and remembers what it has acknowledged, on which connection. */
class Recorder {
  private gone = 0;
  /** Snapshots, each with the ports of the agent that it was acknowledged to: one for each of its lives. */
  readonly acknowledged = new Map<string, number[]>();
  readonly sections: HostSection[] = [];
  pushes = 0;
  /** Answers come this late. */
  delayMs = 0;
  answer: Answer = this.store;
  private server: Server | null = null;
  private port = 0;

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        this.pushes += 1;
        const body = Buffer.concat(chunks);
        const zipped = request.headers["content-encoding"] === "gzip";
        const push: Push = JSON.parse((zipped ? gunzipSync(body) : body).toString("utf8"));
        setTimeout(() => this.answer(push.hosts, response), this.delayMs);
      });
    });
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    server.close();
    server.closeAllConnections();
    await once(server, "close");
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What is acknowledged is recorded before the answer leaves, as the service commits before it answers. */
  private store(sections: readonly HostSection[], response: ServerResponse): void {
    // A connection whose agent has been killed meanwhile has no port any more, and is not another's.
    const port = response.req.socket.remotePort ?? -++this.gone;
    this.sections.push(...sections);
    for (const { epoch, snapshots } of sections) {
      for (const snapshot of snapshots) {
        const key = keyOf(epoch, snapshot);
        this.acknowledged.set(key, [...(this.acknowledged.get(key) ?? []), port]);
      }
    }
    const results = sections.flatMap(({ snapshots }) => snapshots.map(() => ({ status: "stored" })));
    const config = { intervalMs: 100, jitterMs: 0 };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ time: Date.now(), results, config }));
  }

  restore(): void {
    this.answer = this.store;
  }

  has(keys: readonly string[]): boolean {
    return keys.every((key) => this.acknowledged.has(key));
  }
}

function startAgent(server: string, stateDir: string, more: readonly string[] = []): Agent {
  const flags = ["--interval", "100ms", "--namespaces", "root", ...more];
  const agent = startProcess({ server, stateDir, flags, token: "t0ken-of-the-test" });
  onTestFinished(() => {
    agent.process.kill("SIGKILL");
  });
  return agent;
}

async function setUp() {
  const stateDir = mkdtempSync(join(tmpdir(), "spillway-spool-test-"));
  const recorder = new Recorder();
  await recorder.start();
  onTestFinished(async () => {
    await recorder.stop();
    rmSync(stateDir, { recursive: true, force: true });
  });
  const spool = join(stateDir, "spool");
  const journal = () => (existsSync(spool) ? journalOf(spool) : []);
  const collected = (what: string, count: number) =>
    waitFor(`${count} snapshots collected ${what}`, () => journal().length >= count, LONG);
  return { stateDir, recorder, journal, collected };
}

/** The spool gives each snapshot that the agent takes the next id, whether it keeps it or not. */
function expectNoHole(spool: string): void {
  const names = readdirSync(spool).sort();
  const ids = names.flatMap((name) => readJournal(spool, name)).map(({ id }) => id);
  expect(ids).toEqual(ids.map((_id, index) => index + 1));
}

describe("the service ends with exactly what the agent collected", () => {
  test(`kill -9 ${KILLS} times, in the middle of whatever it does`, async () => {
    const { stateDir, recorder, journal } = await setUp();
    for (let kill = 0; kill < KILLS; kill += 1) {
      recorder.delayMs = Math.floor(Math.random() * 120);
      if (kill % 4 === 3) await recorder.stop();
      const before = journal().length;
      const agent = startAgent(recorder.url, stateDir);
      const more = 1 + Math.floor(Math.random() * 8);
      await waitFor(`${more} snapshots of life ${kill}`, () => journal().length >= before + more, LONG);
      // At any point within an interval.
      for (let turns = Math.floor(Math.random() * 30_000); turns > 0; turns -= 1) await turn();
      await agent.end("SIGKILL");
      expectNoHole(join(stateDir, "spool"));
      if (kill % 4 === 3) await recorder.start();
    }
    recorder.delayMs = 0;
    const agent = startAgent(recorder.url, stateDir);
    // Everything may be there already; until it says so, the agent does not listen to signals yet.
    await waitFor("the last life to have begun", () => agent.output().includes(" watches "), LONG);
    await waitFor("all that was collected", () => recorder.has(journal()), LONG);
    expect(await agent.end("SIGTERM")).toBe(0);
    expect(agent.output()).toContain("0 snapshots were not sent");

    const collected = journal();
    expect(collected.length).toBeGreaterThan(KILLS * 2);
    expect(new Set(collected).size).toBe(collected.length);
    expect([...recorder.acknowledged.keys()].sort()).toEqual([...collected].sort());
    // Twice only where the agent was killed before it had the answer: never twice in one of its lives.
    for (const ports of recorder.acknowledged.values()) expect(new Set(ports).size).toBe(ports.length);
    const epochs = new Set(collected.map((key) => key.slice(0, key.lastIndexOf("/"))));
    expect(epochs.size).toBe(1);
  });

  test("the service down, then up", async () => {
    const { stateDir, recorder, journal, collected } = await setUp();
    await recorder.stop();
    const agent = startAgent(recorder.url, stateDir);
    await collected("while it is down", 15);
    expect(recorder.acknowledged.size).toBe(0);
    await recorder.start();
    await waitFor("the backlog", () => recorder.has(journal()), LONG);
    expect(await agent.end("SIGTERM")).toBe(0);
    expect([...recorder.acknowledged.keys()].sort()).toEqual(journal().sort());
    expectNoHole(join(stateDir, "spool"));
  });

  test("a token that is revoked, and another one with the next start", async () => {
    const { stateDir, recorder, journal, collected } = await setUp();
    recorder.answer = (_sections, response) => void response.writeHead(401).end();
    const first = startAgent(recorder.url, stateDir);
    await collected("with a revoked token", 10);
    expect(await first.end("SIGTERM")).toBe(0);
    expect(first.output()).toContain("mend the token");
    expect(first.output()).toContain(`${journal().length} snapshots were not sent`);
    recorder.restore();
    const second = startAgent(recorder.url, stateDir);
    await waitFor("what was kept", () => recorder.has(journal()), LONG);
    expect(await second.end("SIGTERM")).toBe(0);
    expect([...recorder.acknowledged.keys()].sort()).toEqual(journal().sort());
    expect(second.output()).toContain("snapshots of an earlier run wait in the spool");
  });

  test.each<[string, Answer]>([
    ["400", (_sections, response) => void response.writeHead(400).end("Bad Request")],
    [
      "a page in HTML",
      (_sections, response) => void response.writeHead(200).end("<html>Please sign in</html>"),
    ],
  ])("a proxy that answers %s to everything for a while", async (_name, answer) => {
    const { stateDir, recorder, journal, collected } = await setUp();
    recorder.answer = answer;
    const agent = startAgent(recorder.url, stateDir);
    await collected("behind the proxy", 10);
    await waitFor("several tries", () => recorder.pushes >= 3, LONG);
    recorder.restore();
    await waitFor("all of it", () => recorder.has(journal()), LONG);
    expect(await agent.end("SIGTERM")).toBe(0);
    expect([...recorder.acknowledged.keys()].sort()).toEqual(journal().sort());
    expect(existsSync(join(stateDir, "set-aside.jsonl"))).toBe(false);
    const health = recorder.sections.findLast((section) => section.health !== undefined)?.health;
    expect(health).toMatchObject({ dropped: {}, spoolDepth: expect.any(Number) });
  });
});

test("what an answer cannot take is set aside in a file, with its names", async () => {
  const { stateDir, recorder } = await setUp();
  recorder.answer = (sections, response) => {
    const refused = { status: "too_old", code: "TOO_OLD", message: "older than what is kept" };
    const results = sections.flatMap(({ snapshots }) => snapshots.map(() => refused));
    response.writeHead(200).end(JSON.stringify({ time: Date.now(), results, config: {} }));
  };
  const agent = startAgent(recorder.url, stateDir);
  const path = join(stateDir, "set-aside.jsonl");
  await waitFor("two lines", () => readFileSync(path, "utf8").split("\n").length > 3, LONG);
  expect(await agent.end("SIGTERM")).toBe(0);
  const [names, first] = readFileSync(path, "utf8")
    .split("\n", 2)
    .map((line) => JSON.parse(line));
  expect(first).toMatchObject({
    code: "TOO_OLD",
    epoch: { wordSize: 64 },
    snapshot: { layout: names.layout },
  });
  expect(first.snapshot.values).toHaveLength(names.names.length);
});

test.each([
  [[], "restarting"],
  [["--goodbye", "leaving"], "leaving"],
])("stopped with %j it says that it is %s, in its last section", async (more, goodbye) => {
  const { stateDir, recorder } = await setUp();
  const agent = startAgent(recorder.url, stateDir, [...more]);
  await waitFor("three pushes", () => recorder.sections.length >= 3, LONG);
  expect(await agent.end("SIGTERM")).toBe(0);
  expect(recorder.sections.at(-1)?.goodbye).toBe(goodbye);
  expect(recorder.sections.slice(0, -1).every((section) => section.goodbye === undefined)).toBe(true);
});

describe.runIf(IS_ROOT)("on a disk of its own (root only)", () => {
  function mount(options: string): string {
    const folder = mkdtempSync(join(tmpdir(), "spillway-spool-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", folder]);
    onTestFinished(() => {
      execFileSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true, force: true });
    });
    return folder;
  }

  test("a disk of 4 MB that fills: it goes on in memory, also started again, and loses nothing (root only)", async () => {
    const { recorder } = await setUp();
    const disk = mount("size=4m,mode=700");
    const stateDir = join(disk, "state");
    mkdirSync(stateDir);
    const filler = join(disk, "filler");
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(filler, Buffer.alloc(bavail * bsize - 128 * 1024));
    await recorder.stop();

    const first = startAgent(recorder.url, stateDir);
    await waitFor("the disk to be full", () => first.output().includes("cannot write to the spool"), LONG);
    expect(statfsSync(disk).bavail).toBeLessThanOrEqual(1);
    const onDisk = journalOf(join(stateDir, "spool"));
    expect(onDisk.length).toBeGreaterThan(5);
    await first.end("SIGKILL");

    const second = startAgent(recorder.url, stateDir);
    await waitFor("the second start", () => second.output().includes("wait in the spool"), LONG);
    await waitFor("the disk to be full", () => second.output().includes("cannot write to the spool"), LONG);
    rmSync(filler);
    await waitFor(
      "the disk to be used again",
      () => second.output().includes("can be written to again"),
      LONG,
    );
    await recorder.start();
    await waitFor("everything", () => recorder.has(journalOf(join(stateDir, "spool"))), LONG);
    expect(await second.end("SIGTERM")).toBe(0);
    expect(second.output()).toContain("0 snapshots were not sent");
    const acknowledged = [...recorder.acknowledged.keys()];
    expect(recorder.has(onDisk)).toBe(true);
    expect(acknowledged.sort()).toEqual(journalOf(join(stateDir, "spool")).sort());
    const health = recorder.sections.findLast((section) => section.health !== undefined)?.health;
    expect(health?.dropped).toEqual({});
    // Nor did the second one leave out any while the disk was full.
    expectNoHole(join(stateDir, "spool"));
  });

  test("a state folder that cannot be written to ends the start with what to do (root only)", async () => {
    const { recorder } = await setUp();
    const disk = mount("size=1m,mode=700");
    execFileSync("mount", ["-o", "remount,ro", disk]);
    const agent = startAgent(recorder.url, disk);
    const [code] = await once(agent.process, "exit");
    expect(code).toBe(1);
    expect(agent.output()).toMatch(
      /cannot write in the state folder .* give --state-dir a folder that I may write/,
    );
  });
});
