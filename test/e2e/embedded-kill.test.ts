/**
 * The embedded Postgres after its service, its server or a part of either was killed, and when several
 * services want one data directory.
 */
import { spawn } from "node:child_process";
import { chmod, chown, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findPlatformPackage } from "../../src/embedded/binaries.ts";
import { layoutOf } from "../../src/embedded/layout.ts";
import { startOf } from "../../src/embedded/processes.ts";
import { expectKept, isRoot, outcomeOf, query, Services } from "../support/embedded.ts";
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

describe("after a kill", () => {
  test("-9 of the service, its server lives on; the next start stops it and has its data", async () => {
    const dataDir = await services.dataDir();
    const killed = services.start(dataDir);
    const before = await killed.next("started");
    await query(before.url, "CREATE TABLE kept AS SELECT 42 AS answer");
    await killed.kill();
    expect(await startOf(before.pid)).toBeDefined();
    await expectKept(before.url);

    const next = services.start(dataDir);
    const { url, pid, notes } = await next.next("started");
    expect(pid).not.toBe(before.pid);
    expect(await startOf(before.pid)).toBeUndefined();
    expect(notes).toContain("took over the data of a service that had been killed");
    await expectKept(url);
  });

  test("-9 of the server, the service is told and the next start recovers", async () => {
    const { dataDir } = await services.stoppedCluster();
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
    const { dataDir } = await services.stoppedCluster();
    const service = services.start(dataDir);
    const { pid } = await service.next("started");
    process.kill(pid, "SIGKILL");
    await service.kill();
    await expectKept((await services.start(dataDir).next("started")).url);
  });

  test("-9 of one session, which restarts all of them, the service keeps its server and its lock", async () => {
    const { dataDir } = await services.stoppedCluster();
    const service = services.start(dataDir);
    const { url } = await service.next("started");
    const [session] = await query<number>(
      url,
      "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'spillway service %'",
    );
    process.kill(session ?? -1, "SIGKILL");
    await waitFor("the lock to be taken again", () => service.log.includes("lock is taken again"));
    await expectKept(url);
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
    ["has a cluster", async () => (await services.stoppedCluster()).dataDir],
    [
      "has a server left running",
      async () => {
        const { dataDir } = await services.stoppedCluster();
        const killed = services.start(dataDir);
        await killed.next("started");
        await killed.kill();
        return dataDir;
      },
    ],
  ])("that %s goes to one of three services that start at once", async (_name, make) => {
    const dataDir = await make();
    const { winner, losers } = await outcomeOf([1, 2, 3].map(() => services.start(dataDir)));
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
    const { dataDir } = await services.stoppedCluster();
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
    else await expectKept((await second.next("started")).url);
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
    const { dataDir, cluster } = await services.stoppedCluster();
    const { uid, gid } = await stat(cluster);
    const account = isRoot ? { uid, gid } : {};
    const other = spawn("sleep", ["600"], { ...account, cwd: "/", stdio: "ignore" });
    onTestFinished(() => void other.kill("SIGKILL"));
    await claim(dataDir, other.pid ?? -1);

    const service = services.start(dataDir);
    await expectKept((await service.next("started")).url);
    expect(service.log).toContain(`postmaster.pid: ${other.pid} in it is no server of this cluster`);
    expect(other.exitCode ?? other.signalCode).toBeNull();
  });

  test("whose process id went to the Postgres of another folder is removed, and that Postgres lives", async () => {
    const other = services.start(await services.dataDir());
    const { url, pid } = await other.next("started");
    const { dataDir } = await services.stoppedCluster();
    await claim(dataDir, pid);
    await expectKept((await services.start(dataDir).next("started")).url);
    expect(await query(url, "SELECT 1")).toEqual([1]);
  });

  test("of a killed service's server whose socket was swept away does not keep that server", async () => {
    const { dataDir } = await services.stoppedCluster();
    const killed = services.start(dataDir);
    const { pid } = await killed.next("started");
    await killed.kill();
    for (const name of await readdir(join(dataDir, "run"))) await rm(join(dataDir, "run", name));
    await expectKept((await services.start(dataDir).next("started")).url);
    expect(await startOf(pid)).toBeUndefined();
  });

  test("left empty by a kill is removed", async () => {
    const { dataDir, cluster } = await services.stoppedCluster();
    const { uid, gid } = await stat(cluster);
    const file = join(cluster, "postmaster.pid");
    await writeFile(file, "", { mode: 0o600 });
    await chown(file, uid, gid);
    const minuteAgo = Date.now() / 1000 - 60;
    await utimes(file, minuteAgo, minuteAgo);
    await expectKept((await services.start(dataDir).next("started")).url);
  });

  test("of a server that a person has started stays, and the service is refused", async () => {
    const { dataDir, cluster } = await services.stoppedCluster();
    const { uid, gid } = await stat(cluster);
    const postgres = join(findPlatformPackage(), "native/bin/postgres");
    const runnable = isRoot ? join(await services.packageCopy(), "native/bin/postgres") : postgres;
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
