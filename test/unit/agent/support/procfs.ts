import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FIXTURES = fileURLToPath(new URL("../../../fixtures/proc/", import.meta.url));

/** The folder with the counters of a fixture kernel: what `<procfs>/1/net` is on a host. */
export function fixtureNetDir(kernel: string): string {
  return join(FIXTURES, kernel, "net");
}

/** A folder that is removed when the test is over, if given to its `onTestFinished`. */
export function temporaryFolder(onTestFinished: (fn: () => void) => void): string {
  const folder = mkdtempSync(join(tmpdir(), "spillway-agent-test-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const BOOT = "2810343c-8b6d-4fa4-8c0f-f1b39d566f66";

/** A procfs as an agent in a container sees the host's, mounted elsewhere, with the counters of a fixture. */
export function makeProcfs(folder: string, kernel: string, uptime = "941.57 1799.10"): string {
  const procfs = join(folder, "proc");
  mkdirSync(join(procfs, "1"), { recursive: true });
  mkdirSync(join(procfs, "sys/kernel/random"), { recursive: true });
  cpSync(fixtureNetDir(kernel), join(procfs, "1/net"), { recursive: true });
  writeFileSync(join(procfs, "uptime"), `${uptime}\n`);
  writeFileSync(join(procfs, "sys/kernel/osrelease"), `${kernel}\n`);
  writeFileSync(join(procfs, "sys/kernel/random/boot_id"), `${BOOT}\n`);
  return procfs;
}
