/** What docs/operations.md says of backups, done: of the embedded database while it is written to, and of one's own. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync } from "node:fs";
import { chown, cp, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { isRoot } from "../support/embedded.ts";
import { ask, dataFolder, endOwnServices, run } from "../support/own-service.ts";
import { push, TestHost } from "../support/pushes.ts";
import { startService } from "../support/service.ts";
import { waitFor } from "../support/wait.ts";

afterEach(endOwnServices);

const HOSTS =
  '{ fleet { hostCount } hosts(first: 50) { edges { node { name latest(counters: ["TcpActiveOpens"]) { value } } } } }';

interface Seen {
  readonly fleet: { readonly hostCount: number };
  readonly hosts: {
    readonly edges: readonly { readonly node: { readonly latest: readonly { readonly value: string }[] } }[];
  };
}

test("the embedded database is copied while snapshots arrive, and the copy has all that was acknowledged before", async () => {
  const dataDir = await dataFolder();
  const service = run(dataDir, { SPILLWAY_LOCAL_AGENT: "0" });
  const url = await service.ready();
  const token = (await readFile(join(dataDir, "ingest-token"), "utf8")).trim();
  const hosts = Array.from({ length: 20 }, (_, index) => new TestHost({ name: `web-${index}` }));
  let [taken, stopped] = [0, false];
  const pushOnce = async () => {
    const at = Date.now();
    const sections = hosts.map((host) => host.section([host.snapshot(at, [taken, taken, taken])]));
    const answer = await fetch(`${url}/v1/snapshots`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(push(...sections)),
    });
    expect(answer.status).toBe(200);
    taken++;
  };
  const pushing = (async () => {
    while (!stopped) await pushOnce();
  })();
  await waitFor("some snapshots", () => taken > 20);
  const before = taken;
  const target = join(dataDir, "..", `${dataDir.split("/").at(-1)}-copy`);
  try {
    // As hardened hosts have it: the server of the copy must be able to pass all the same.
    const umask = process.umask(0o077);
    const backup = run(dataDir, {}, ["backup", target]);
    process.umask(umask);
    expect([await backup.ended, backup.output()]).toEqual([
      0,
      expect.stringMatching(/backed up to .* 20 hosts/),
    ]);
    stopped = true;
    await pushing;
    // What was begun and never ended is not left beside it.
    expect(readdirSync(join(dataDir, "..")).filter((name) => name.includes("-copy.making-"))).toEqual([]);
    expect((await stat(join(target, "admin-token"))).mode & 0o777).toBe(0o600);
    expect(existsSync(join(target, "agent"))).toBe(false);
    // The service has not noticed.
    await pushOnce();

    const restored = run(target, { SPILLWAY_LOCAL_AGENT: "0" });
    await restored.ready().then(async (restoredUrl) => {
      const seen = (await ask(restoredUrl, target, HOSTS)) as Seen;
      expect(seen.fleet.hostCount).toBe(20);
      const values = seen.hosts.edges.flatMap(({ node }) => node.latest.map(({ value }) => Number(value)));
      expect(values).toHaveLength(20);
      // One push is one transaction: all of its hosts are in the copy, or none.
      expect(new Set(values).size).toBe(1);
      expect(values[0]).toBeGreaterThanOrEqual(before - 1);
      expect(values[0]).toBeLessThan(taken);
    });
    // Agents go on with the tokens that they have.
    const later = hosts.map((host) => host.section([host.snapshot(Date.now(), [taken, taken, taken])]));
    const answer = await fetch(`${await restored.ready()}/v1/snapshots`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(push(...later)),
    });
    expect(answer.status).toBe(200);
    restored.child.kill("SIGTERM");
    expect(await restored.ended).toBe(0);
  } finally {
    stopped = true;
    await pushing;
    await rm(target, { recursive: true, force: true });
  }
});

test("a stopped service is copied as well; what would overwrite something is refused", async () => {
  const dataDir = await dataFolder();
  const service = run(dataDir, { SPILLWAY_LOCAL_AGENT: "0" });
  await service.ready();
  const refused = async (target: string) => {
    const backup = run(dataDir, {}, ["backup", target]);
    return [await backup.ended, backup.output().trim()];
  };
  expect(await refused(join(dataDir, "inside"))).toEqual([1, expect.stringMatching(/is in the data folder/)]);
  expect(await refused(tmpdir())).toEqual([1, expect.stringMatching(/is there already/)]);
  expect(await refused("/nowhere/at/all")).toEqual([1, expect.stringMatching(/make it first/)]);
  service.child.kill("SIGTERM");
  await service.ended;

  const folder = await mkdtemp(join(tmpdir(), "spillway-backups-"));
  chmodSync(folder, 0o711);
  try {
    const backup = run(dataDir, {}, ["backup", join(folder, "copy")]);
    expect([await backup.ended, backup.output()]).toEqual([0, expect.stringMatching(/backed up/)]);
    // Kept for the next time: a restore is a copy of it.
    const restored = await dataFolder();
    await cp(join(folder, "copy"), restored, { recursive: true });
    if (isRoot) await giveBack(join(folder, "copy"), restored);
    const again = run(restored, { SPILLWAY_LOCAL_AGENT: "0" });
    await again.ready();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** `cp` of Node keeps no owners; `cp -a`, which the documentation names, does. */
async function giveBack(from: string, to: string): Promise<void> {
  const owner = await stat(join(from, "postgres", "18"));
  const all = readdirSync(join(to, "postgres"), { recursive: true, encoding: "utf8" });
  for (const name of all) await chown(join(to, "postgres", name), owner.uid, owner.gid);
}

const [BIN = null] = ["15", "16", "17", "18"]
  .map((version) => `/usr/lib/postgresql/${version}/bin`)
  .filter((folder) => existsSync(join(folder, "pg_dump")) && existsSync(join(folder, "initdb")));

test.runIf(BIN !== null && isRoot)(
  "a database of one's own is dumped and restored: hosts, tokens, and where counting goes on",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "spillway-own-postgres-"));
    const account = { uid: 65_534, gid: 65_534 };
    await chown(folder, account.uid, account.gid);
    const as = (program: string, ...args: string[]) =>
      execFileSync(join(BIN ?? "", program), args, {
        ...account,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "pipe"],
      });
    const cluster = join(folder, "cluster");
    const url = (database: string) =>
      `postgresql://postgres@localhost/${database}?host=${encodeURIComponent(folder)}`;
    as("initdb", "-D", cluster, "-U", "postgres", "-A", "trust", "--no-sync");
    const settings = `-c listen_addresses= -c unix_socket_directories=${folder} -c fsync=off -c max_locks_per_transaction=256`;
    as("pg_ctl", "-D", cluster, "-w", "-l", join(folder, "log"), "-o", settings, "start");
    try {
      as("createdb", "-h", folder, "-U", "postgres", "first");
      const first = await startService({ databaseUrl: url("first") });
      const host = new TestHost({ name: "db-1" });
      const at = Date.now() - 60_000;
      await first.pushed(
        push(host.section([host.snapshot(at, [1, 2, 3]), host.snapshot(at + 10_000, [5, 6, 7])])),
      );
      const seen = await first.graphql(HOSTS);
      expect((seen.data as Seen).hosts.edges.map(({ node }) => node.latest)).toEqual([[{ value: "5" }]]);
      const token = await first.token("read");
      expect(await first.stop()).toBe(0);

      // The queues' tables only say when, and are made anew.
      as(
        "pg_dump",
        "-h",
        folder,
        "-U",
        "postgres",
        "-Fc",
        "--exclude-schema=bullmq",
        "-f",
        join(folder, "dump"),
        "first",
      );
      as("createdb", "-h", folder, "-U", "postgres", "second");
      as(
        "pg_restore",
        "-h",
        folder,
        "-U",
        "postgres",
        "--exit-on-error",
        "-d",
        "second",
        join(folder, "dump"),
      );

      const second = await startService({ databaseUrl: url("second") });
      expect((await second.graphql(HOSTS)).data).toEqual(seen.data);
      const known = await fetch(`${second.url}/v1/hosts`, { headers: { authorization: `Bearer ${token}` } });
      expect(known.status).toBe(200);
      // It goes on where it was: the next increase is measured from the last snapshot before the backup.
      const again = await second.pushed(push(host.section([host.snapshot(at + 20_000, [9, 10, 11])])));
      expect(again.results).toEqual([expect.objectContaining({ status: "stored" })]);
      const range = `{ from: "${new Date(at - 60_000).toISOString()}", to: "${new Date(at + 60_000).toISOString()}" }`;
      const query = `{ hosts(first: 1) { edges { node { increase(counter: "TcpActiveOpens", range: ${range}) } } } }`;
      expect((await second.graphql(query)).data.hosts.edges[0].node.increase).toBe("8");
      expect(await second.stop()).toBe(0);
    } finally {
      as("pg_ctl", "-D", cluster, "-w", "-m", "immediate", "stop");
      await rm(folder, { recursive: true, force: true });
    }
  },
);
