/**
 * The embedded Postgres as services use it: real processes, started by different users on different data
 * directories, and killed. What needs a second user needs root, and says so in its name.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  utimes,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findPlatformPackage } from "../../src/embedded/binaries.ts";
import { serverFault } from "../../src/embedded/faults.ts";
import { layoutOf } from "../../src/embedded/layout.ts";
import { commandLine, startOf } from "../../src/embedded/processes.ts";
import { isRoot, NOBODY, query, type Service, Services } from "../support/embedded.ts";
import { waitFor } from "../support/wait.ts";

let services: Services;

beforeAll(async () => {
  services = await Services.open();
});

afterEach(async () => {
  await services.stop();
});

afterAll(async () => {
  await services.close();
});

/** The package of this platform, copied to where a test may spoil it. */
async function packageCopy(): Promise<string> {
  const copy = join(await services.dataDir(), "package");
  await cp(findPlatformPackage(), copy, { recursive: true, verbatimSymlinks: true });
  await chmod(dirname(copy), 0o755);
  return copy;
}

async function removeSymlinks(packageDir: string): Promise<void> {
  const lib = join(packageDir, "native/lib");
  for (const entry of await readdir(lib, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(join(lib, entry.name));
  }
}

/** A stopped cluster with one committed row; the service's user or, for root, the user of the server owns it. */
async function stoppedCluster(): Promise<{ dataDir: string; cluster: string }> {
  const dataDir = await services.dataDir();
  const service = services.start(dataDir);
  const { url } = await service.next("started");
  await query(url, "CREATE TABLE kept AS SELECT 42 AS answer");
  await service.stop();
  return { dataDir, cluster: layoutOf(dataDir).cluster };
}

async function expectRow(url: string): Promise<void> {
  expect(await query(url, "SELECT answer FROM kept")).toEqual([42]);
}

/** Waits until each has started or been refused; exactly one may have started. */
async function outcome(several: readonly Service[]): Promise<{ winner: Service; losers: Service[] }> {
  const that = (kind: string) => several.filter(({ events }) => events.some(({ event }) => event === kind));
  const decided = () => that("started").length + that("refused").length === several.length;
  await waitFor("each to start or be refused", decided, { timeoutMs: 90_000 });
  const [winner, ...others] = that("started");
  if (winner === undefined) throw new Error(JSON.stringify(several.map(({ events }) => events)));
  expect(others).toEqual([]);
  return { winner, losers: that("refused") };
}

describe("a start", () => {
  test("makes a durable server that listens on a private socket only, and its data outlives it", async () => {
    const { dataDir, cluster } = await stoppedCluster();
    const service = services.start(dataDir);
    const { url, pid } = await service.next("started");
    await expectRow(url);

    const names =
      "fsync synchronous_commit full_page_writes data_checksums listen_addresses server_encoding password_encryption";
    const settings = names.split(" ").map((name) => `current_setting('${name}')`);
    expect(
      await query(url, `SELECT ${settings.map((one, index) => `${one} AS c${index}`).join(", ")}`),
    ).toEqual([...["on", "on", "on", "on", "", "UTF8", "scram-sha-256"]]);
    expect(await query(url, "SELECT current_user || current_database()")).toEqual(["spillwayspillway"]);
    expect((await readFile(join(cluster, "pg_hba.conf"), "utf8")).match(/^[a-z].*(trust|peer)$/m)).toBeNull();
    await expect(query(url.replace(/:[^:@]+@/, ":wrong@"), "SELECT 1")).rejects.toThrow(/password/);

    expect((await stat(join(dataDir, "postgres-password"))).mode & 0o777).toBe(0o600);
    expect((await stat(join(dataDir, "run"))).mode & 0o777).toBe(0o700);
    expect((await stat(cluster)).mode & 0o777).toBe(0o700);
    expect(await commandLine(pid)).toContain(cluster);
    await service.stop();
    expect(service.events.at(-1)).toMatchObject({ event: "exited", expected: true });
    expect(await startOf(pid)).toBeUndefined();
    expect(service.log).toBe('postgres: FATAL:  password authentication failed for user "spillway"');
  });

  test("puts the server into a session of its own, where Ctrl-C of a terminal does not reach it", async () => {
    const service = services.start(await services.dataDir());
    const { pid } = await service.next("started");
    const ps = spawn("ps", ["-o", "sid=,pgid=", "-p", `${pid}`], { stdio: ["ignore", "pipe", "inherit"] });
    const [output] = await once(ps.stdout, "data");
    expect(String(output).trim().split(/\s+/)).toEqual([`${pid}`, `${pid}`]);
  });

  test("with a data directory too long for a socket keeps it in a private temporary folder", async () => {
    const dataDir = join(await services.dataDir(), "a-rather-long-name-".repeat(6));
    const { socketDir } = layoutOf(dataDir);
    onTestFinished(() => rm(socketDir, { recursive: true, force: true }));
    expect(socketDir).toMatch(/\/spillway-[0-9a-f]{16}$/);

    await mkdir(socketDir, { mode: 0o777 });
    await chmod(socketDir, 0o777);
    const refused = await services.start(dataDir).next("refused");
    expect(refused.message).toContain(`${socketDir}: it exists and is not a private folder`);

    await rm(socketDir, { recursive: true });
    const service = services.start(dataDir);
    const { url } = await service.next("started");
    expect(await query(url, "SELECT 1")).toEqual([1]);
    expect((await lstat(socketDir)).mode & 0o777).toBe(0o700);
  });

  test.runIf(isRoot)(
    "by root runs the server as another user, who owns the cluster (needs root)",
    async () => {
      const service = services.start(await services.dataDir());
      const { pid, notes } = await service.next("started");
      const { uid } = await stat(`/proc/${pid}`);
      expect(uid).not.toBe(0);
      expect(notes[0]).toMatch(/^Postgres runs as the user (spillway|postgres|nobody)$/);
    },
  );

  test.runIf(isRoot)("by root keeps to the owner of an existing cluster (needs root)", async () => {
    const packageDir = await packageCopy();
    const dataDir = await services.dataDir(NOBODY);
    const first = services.start(dataDir, { account: NOBODY, packageDir });
    await first.next("started");
    await first.stop();
    const second = services.start(dataDir);
    const { notes } = await second.next("started");
    expect(notes[0]).toBe("Postgres runs as the user nobody");
    await second.stop();

    const other = { account: { uid: 1, gid: 1 }, packageDir };
    expect((await services.start(dataDir, other).next("refused")).message).toMatch(
      /^cannot use the data directory .* is closed to the user that runs Spillway: run it as its owner/,
    );
    for (const folder of [dataDir, join(dataDir, "postgres")]) await chmod(folder, 0o711);
    expect((await services.start(dataDir, other).next("refused")).message).toMatch(
      /belongs to nobody and Spillway runs as .*: run it as nobody or as root/,
    );
  });

  test.runIf(isRoot)("by a plain user runs everything as that user (needs root)", async () => {
    const dataDir = await services.dataDir(NOBODY);
    const service = services.start(dataDir, { account: NOBODY, packageDir: await packageCopy() });
    const { url, pid, notes } = await service.next("started");
    expect(await query(url, "SELECT 1")).toEqual([1]);
    expect((await stat(`/proc/${pid}`)).uid).toBe(NOBODY.uid);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
    expect(notes).toEqual([]);
  });

  test.runIf(isRoot)(
    "refuses a data directory below a closed folder, and names that folder (needs root)",
    async () => {
      const closed = dirname(await services.dataDir());
      await chmod(closed, 0o700);
      const { code, message } = await services.start(join(closed, "a", "b")).next("refused");
      expect(code).toBe("CONFIGURATION");
      expect(message).toMatch(
        /started by root, Postgres runs as the user (spillway|postgres|nobody), to whom/,
      );
      expect(message).toContain(`the folder ${closed} is closed`);
      expect(message).toContain(`chmod o+x ${closed}`);
    },
  );
});

describe("the programs", () => {
  test.runIf(isRoot)(
    "are copied from a checkout that the server's user cannot enter (needs root)",
    async () => {
      const packageDir = await packageCopy();
      await chmod(dirname(packageDir), 0o700);
      const dataDir = await services.dataDir();
      const { version } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8"));
      const copy = join(dataDir, "postgres-bin", version);
      // What a copy that was cut short leaves: by a process that is gone.
      const leftover = `${copy}.making-1:0-00000000`;
      await mkdir(join(leftover, "native"), { recursive: true });
      await chmod(dataDir, 0o711);

      const first = services.start(dataDir, { packageDir });
      const { url, notes } = await first.next("started");
      expect(await query(url, "SELECT 1")).toEqual([1]);
      expect(first.log).toContain(`copying the programs of Postgres to ${copy}`);
      expect(notes).toContain(`Postgres runs from a copy, ${join(copy, "native/bin/postgres")}`);
      expect(await readdir(dirname(copy))).toEqual([version]);
      await first.stop();

      const second = services.start(dataDir, { packageDir });
      await second.next("started");
      expect(second.log).not.toContain("copying");
    },
  );

  test("get the links that `npm ci --ignore-scripts` has left out", async () => {
    const packageDir = await packageCopy();
    await removeSymlinks(packageDir);
    const service = services.start(await services.dataDir(), { packageDir });
    const { url } = await service.next("started");
    expect(await query(url, "SELECT 1")).toEqual([1]);
    expect(service.log).not.toContain("copying");
  });

  test.runIf(isRoot)("are copied once, and mended, by services that start at once (needs root)", async () => {
    const packageDir = await packageCopy();
    await chmod(dirname(packageDir), 0o700);
    const dataDir = await services.dataDir();
    const first = services.start(dataDir, { packageDir });
    await first.next("started");
    await first.stop();
    const bin = join(dataDir, "postgres-bin");
    const [version = ""] = await readdir(bin);
    await writeFile(join(bin, version, "native/bin/postgres"), "damaged");

    const several = [1, 2, 3].map(() => services.start(dataDir, { packageDir }));
    const { winner, losers } = await outcome(several);
    expect(await query((await winner.next("started")).url, "SELECT 1")).toEqual([1]);
    for (const loser of losers) {
      expect((await loser.next("refused")).message).toMatch(
        /^another Spillway \(pid \d+\) is using the data dir/,
      );
    }
    expect(await readdir(bin)).toEqual([version]);
  });

  test.runIf(isRoot)("are copied when those links cannot be made in place (needs root)", async () => {
    const packageDir = await packageCopy();
    await removeSymlinks(packageDir);
    const service = services.start(await services.dataDir(NOBODY), { packageDir, account: NOBODY });
    const { url } = await service.next("started");
    expect(await query(url, "SELECT 1")).toEqual([1]);
    expect(service.log).toContain("copying the programs");
  });

  test("that cannot run at all are reported with the reason and the way out", async () => {
    const packageDir = await packageCopy();
    await writeFile(join(packageDir, "native/bin/postgres"), "#!/nonexistent/loader\n");
    const { code, message } = await services.start(await services.dataDir(), { packageDir }).next("refused");
    expect(code).toBe("CONFIGURATION");
    expect(message).toMatch(/can run its programs neither in .* nor copied to .* set DATABASE_URL/);
  });

  test("are not looked for on a platform without them", () => {
    expect(() => findPlatformPackage("linux-ppc64")).toThrow(
      "cannot start the embedded Postgres: it is not shipped for linux-ppc64, only for linux-x64, linux-arm64, " +
        "darwin-arm64, darwin-x64: set DATABASE_URL to a Postgres of your own",
    );
    const other = process.platform === "linux" ? "darwin-x64" : "linux-x64";
    expect(() => findPlatformPackage(other)).toThrow(/is not installed .* set DATABASE_URL/);
  });
});

describe("after a kill", () => {
  test("-9 of the service, its server lives on; the next start stops it and has its data", async () => {
    const dataDir = await services.dataDir();
    const killed = services.start(dataDir);
    const before = await killed.next("started");
    await query(before.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    await killed.kill();
    expect(await startOf(before.pid)).toBeDefined();
    await expectRow(before.url);

    const next = services.start(dataDir);
    const { url, pid, notes } = await next.next("started");
    expect(pid).not.toBe(before.pid);
    expect(await startOf(before.pid)).toBeUndefined();
    expect(notes).toContain("took over the data of a service that had been killed");
    await expectRow(url);
  });

  test("-9 of the server, the service is told and the next start recovers", async () => {
    const { dataDir } = await stoppedCluster();
    const service = services.start(dataDir);
    const { url, pid } = await service.next("started");
    await query(url, "INSERT INTO kept VALUES (43)");
    process.kill(pid, "SIGKILL");
    const exited = await service.next("exited");
    expect(exited).toMatchObject({ expected: false, message: expect.stringContaining("SIGKILL") });

    const next = services.start(dataDir);
    expect(await query((await next.next("started")).url, "SELECT sum(answer)::int FROM kept")).toEqual([85]);
  });

  test("-9 of both, the next start recovers", async () => {
    const { dataDir } = await stoppedCluster();
    const service = services.start(dataDir);
    const { pid } = await service.next("started");
    process.kill(pid, "SIGKILL");
    await service.kill();
    await expectRow((await services.start(dataDir).next("started")).url);
  });

  test("-9 of one session, which restarts all of them, the service keeps its server and its lock", async () => {
    const { dataDir } = await stoppedCluster();
    const service = services.start(dataDir);
    const { url } = await service.next("started");
    const [session] = await query<number>(
      url,
      "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'spillway service %'",
    );
    process.kill(session ?? -1, "SIGKILL");
    await waitFor("the lock to be taken again", () => service.log.includes("lock is taken again"));
    await expectRow(url);
    const refused = await services.start(dataDir).next("refused");
    expect(refused.message).toContain(`another Spillway (pid ${service.pid})`);
    expect(service.events.some(({ event }) => event === "exited")).toBe(false);
  });

  test("-9 during initdb, nothing half made is used or left", async () => {
    const dataDir = await services.dataDir();
    const { clusters, cluster } = layoutOf(dataDir);
    const killed = services.start(dataDir);
    await waitFor("initdb to be at work", async () => {
      const [folder] = await readdir(clusters);
      return (
        folder?.startsWith("18.making-") && (await readdir(join(clusters, folder, "cluster"))).length > 0
      );
    });
    await killed.kill();
    await expect(stat(cluster)).rejects.toThrow("ENOENT");

    const next = services.start(dataDir);
    const { url } = await next.next("started");
    expect(await query(url, "SELECT 1")).toEqual([1]);
    await next.stop();
    // The initdb of the killed service may have been at work still; by the start after that it has ended.
    await waitFor("nothing to be left", async () => {
      const service = services.start(dataDir);
      await service.next("started");
      await service.stop();
      return (await readdir(clusters)).join() === "18";
    });
  });
});

describe("one data directory", () => {
  const inUse = (pid: number, dataDir: string) =>
    `another Spillway (pid ${pid}) is using the data directory ${dataDir}: stop it, or set SPILLWAY_DATA_DIR to ` +
    "another folder";

  test("refuses a second service, and the first goes on", async () => {
    const dataDir = await services.dataDir();
    const first = services.start(dataDir);
    const { url } = await first.next("started");
    expect(await services.start(dataDir).next("refused")).toMatchObject({
      code: "CONFIGURATION",
      message: inUse(first.pid, dataDir),
    });
    expect(await query(url, "SELECT 1")).toEqual([1]);
  });

  test.each([
    ["is fresh", async () => services.dataDir()],
    ["has a cluster", async () => (await stoppedCluster()).dataDir],
    [
      "has a server left running",
      async () => {
        const { dataDir } = await stoppedCluster();
        const killed = services.start(dataDir);
        await killed.next("started");
        await killed.kill();
        return dataDir;
      },
    ],
  ])("that %s goes to one of three services that start at once", async (_name, make) => {
    const dataDir = await make();
    const { winner, losers } = await outcome([1, 2, 3].map(() => services.start(dataDir)));
    for (const loser of losers) {
      expect((await loser.next("refused")).message).toMatch(
        /^another Spillway \(pid \d+\) is using the data dir/,
      );
    }
    const { url } = await winner.next("started");
    expect(await query(url, "SELECT 1")).toEqual([1]);
    await winner.stop();
    expect(winner.events.at(-1)).toMatchObject({ event: "exited", expected: true });

    const next = services.start(dataDir);
    await next.next("started");
    await next.stop();
    expect(await readdir(layoutOf(dataDir).clusters)).toEqual(["18"]);
  });

  test("is never served twice while one service stops and another starts", async () => {
    const { dataDir } = await stoppedCluster();
    const first = services.start(dataDir);
    await first.next("started");
    const stopped = first.stop();
    const second = services.start(dataDir);
    const said = (kind: string) => second.events.some(({ event }) => event === kind);
    await waitFor("the second to start or be refused", () => said("started") || said("refused"), {
      timeoutMs: 90_000,
    });
    await stopped;
    // It is refused when it comes while the first still holds its lock, and otherwise waits for its end.
    if (said("refused")) expect((await second.next("refused")).message).toBe(inUse(first.pid, dataDir));
    else await expectRow((await second.next("started")).url);
  });
});

describe("a postmaster.pid", () => {
  /** Says that the server of the cluster is process `pid`, in both of the files by which Postgres says so. */
  async function claim(dataDir: string, pid: number): Promise<void> {
    const { cluster, socketDir } = layoutOf(dataDir);
    const { uid, gid } = await stat(cluster);
    for (const file of [join(cluster, "postmaster.pid"), join(socketDir, ".s.PGSQL.5432.lock")]) {
      await writeFile(
        file,
        `${pid}\n${cluster}\n1790000000\n5432\n${socketDir}\n\n  5432001  65536\nready   \n`,
      );
      await chmod(file, 0o600);
      await chown(file, uid, gid);
    }
  }

  test("whose process id went to another program of the same user is removed, and that program lives", async () => {
    const { dataDir, cluster } = await stoppedCluster();
    const { uid, gid } = await stat(cluster);
    const account = isRoot ? { uid, gid } : {};
    const other = spawn("sleep", ["600"], { ...account, cwd: "/", stdio: "ignore" });
    onTestFinished(() => void other.kill("SIGKILL"));
    await claim(dataDir, other.pid ?? -1);

    const service = services.start(dataDir);
    await expectRow((await service.next("started")).url);
    expect(service.log).toContain(`postmaster.pid: ${other.pid} in it is no server of this cluster`);
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });

  test("whose process id went to the Postgres of another folder is removed, and that Postgres lives", async () => {
    const other = services.start(await services.dataDir());
    const { url, pid } = await other.next("started");
    const { dataDir } = await stoppedCluster();
    await claim(dataDir, pid);
    await expectRow((await services.start(dataDir).next("started")).url);
    expect(await query(url, "SELECT 1")).toEqual([1]);
  });

  test("left empty by a kill is removed", async () => {
    const { dataDir, cluster } = await stoppedCluster();
    const { uid, gid } = await stat(cluster);
    const file = join(cluster, "postmaster.pid");
    await writeFile(file, "", { mode: 0o600 });
    await chown(file, uid, gid);
    const minuteAgo = Date.now() / 1000 - 60;
    await utimes(file, minuteAgo, minuteAgo);
    await expectRow((await services.start(dataDir).next("started")).url);
  });

  test("of a server that a person has started stays, and the service is refused", async () => {
    const { dataDir, cluster } = await stoppedCluster();
    const { uid, gid } = await stat(cluster);
    const postgres = join(findPlatformPackage(), "native/bin/postgres");
    const runnable = isRoot ? join(await packageCopy(), "native/bin/postgres") : postgres;
    const args = ["-D", cluster, "-c", "listen_addresses=", "-c", `unix_socket_directories=${dataDir}/run`];
    const account = isRoot ? { uid, gid } : {};
    const server = spawn(runnable, args, { ...account, cwd: "/", stdio: "ignore" });
    await waitFor("the server to be ready", async () =>
      (await readFile(join(cluster, "postmaster.pid"), "utf8")).includes("ready"),
    );
    const { message } = await services.start(dataDir).next("refused");
    expect(message).toContain(`a Postgres that Spillway did not start (pid ${server.pid})`);
    expect(server.exitCode ?? server.signalCode).toBeNull();
  });
});

describe("the password file", () => {
  test("of another cluster, or none, is named", async () => {
    const { dataDir } = await stoppedCluster();
    const file = join(dataDir, "postgres-password");
    const password = await readFile(file, "utf8");
    await rm(file);
    expect((await services.start(dataDir).next("refused")).message).toContain(
      `${file}, which holds the password`,
    );

    await writeFile(file, "another\n", { mode: 0o600 });
    expect((await services.start(dataDir).next("refused")).message).toContain(
      `the password in ${file} is not that`,
    );

    await writeFile(file, password);
    await expectRow((await services.start(dataDir).next("started")).url);
  });
});

test.each([
  [
    "a full disk",
    'FATAL:  could not write lock file "postmaster.pid": No space left on device',
    /: the disk is full: /,
  ],
  [
    "too little shared memory",
    "FATAL:  could not map anonymous shared memory: Cannot allocate memory",
    /shared memory: give/,
  ],
  [
    "anything else",
    "FATAL:  something new",
    /^cannot start: it ended with code 1\n {4}FATAL: {2}something new$/,
  ],
])("the error for %s reads well and has the server's last lines", (_name, line, expected) => {
  const { message } = serverFault("start", "it ended with code 1", ["", line]);
  expect(message).toMatch(expected);
  expect(message).toContain(`\n    ${line}`);
});
