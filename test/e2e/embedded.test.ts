/**
 * The embedded Postgres as services start it: by different users, in different places. Real processes
 * throughout; what needs a second user needs root, and says so in its name. What follows on a kill is in
 * embedded-kill.test.ts.
 */
import { chmod, lstat, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { findPlatformPackage } from "../../src/embedded/binaries.ts";
import { serverFault } from "../../src/embedded/faults.ts";
import { layoutOf } from "../../src/embedded/layout.ts";
import { commandLine, startOf } from "../../src/embedded/processes.ts";
import { expectKept, isRoot, NOBODY, outcomeOf, query, Services } from "../support/embedded.ts";

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

async function removeSymlinks(packageDir: string): Promise<void> {
  const lib = join(packageDir, "native/lib");
  for (const entry of await readdir(lib, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) await rm(join(lib, entry.name));
  }
}

describe("a start", () => {
  test("makes a durable server that listens on a private socket only, and its data outlives it", async () => {
    const { dataDir, cluster } = await services.stoppedCluster();
    const service = services.start(dataDir);
    const { url, pid } = await service.next("started");
    await expectKept(url);

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

  const hasProc = process.platform === "linux";
  test.runIf(hasProc)("puts the server out of reach of a terminal's Ctrl-C (needs /proc)", async () => {
    const service = services.start(await services.dataDir());
    const { pid } = await service.next("started");
    const text = await readFile(`/proc/${pid}/stat`, "utf8");
    const [, group, session] = /\) \S \d+ (\d+) (\d+) /.exec(text) ?? [];
    expect({ group, session }).toEqual({ group: `${pid}`, session: `${pid}` });
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
    const packageDir = await services.packageCopy();
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
    const service = services.start(dataDir, { account: NOBODY, packageDir: await services.packageCopy() });
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
      const packageDir = await services.packageCopy();
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
    const packageDir = await services.packageCopy();
    await removeSymlinks(packageDir);
    const service = services.start(await services.dataDir(), { packageDir });
    const { url } = await service.next("started");
    expect(await query(url, "SELECT 1")).toEqual([1]);
    expect(service.log).not.toContain("copying");
  });

  test.runIf(isRoot)("are copied once, and mended, by services that start at once (needs root)", async () => {
    const packageDir = await services.packageCopy();
    await chmod(dirname(packageDir), 0o700);
    const dataDir = await services.dataDir();
    const first = services.start(dataDir, { packageDir });
    await first.next("started");
    await first.stop();
    const bin = join(dataDir, "postgres-bin");
    const [version = ""] = await readdir(bin);
    await writeFile(join(bin, version, "native/bin/postgres"), "damaged");

    const several = [1, 2, 3].map(() => services.start(dataDir, { packageDir }));
    const { winner, losers } = await outcomeOf(several);
    expect(await query((await winner.next("started")).url, "SELECT 1")).toEqual([1]);
    for (const loser of losers) {
      expect((await loser.next("refused")).message).toMatch(
        /^another Spillway \(pid \d+\) is using the data dir/,
      );
    }
    expect(await readdir(bin)).toEqual([version]);
  });

  test.runIf(isRoot)("are copied when those links cannot be made in place (needs root)", async () => {
    const packageDir = await services.packageCopy();
    await removeSymlinks(packageDir);
    const service = services.start(await services.dataDir(NOBODY), { packageDir, account: NOBODY });
    const { url } = await service.next("started");
    expect(await query(url, "SELECT 1")).toEqual([1]);
    expect(service.log).toContain("copying the programs");
  });

  test("that cannot run at all are reported with the reason and the way out", async () => {
    const packageDir = await services.packageCopy();
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

describe("the password file", () => {
  test("of another cluster, or none, is named", async () => {
    const { dataDir } = await services.stoppedCluster();
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
    await expectKept((await services.start(dataDir).next("started")).url);
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
