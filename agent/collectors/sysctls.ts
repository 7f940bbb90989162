import { join, resolve } from "node:path";
import type { Capabilities } from "../capabilities.ts";
import { rootNetDir } from "../host-facts.ts";
import { inodeOf } from "../namespaces/scan.ts";
import { parseSysctl } from "../parse/sysctl.ts";
import { readSource } from "./source-file.ts";

export type Sysctls = Readonly<Record<string, string>>;

/** The settings by which listen queues and handshakes are bounded. */
const NAMES = [
  "net.core.somaxconn",
  "net.ipv4.tcp_max_syn_backlog",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.tcp_abort_on_overflow",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_mem",
  "net.ipv4.tcp_synack_retries",
] as const;

/** Settings are changed by people: there is no need to look oftener. */
const EVERY_MS = 30_000;
/** A service that lost what it was told has it again after this. */
const REPEAT_MS = 3_600_000;

/**
 * The settings of the root namespace: all that could be read at the first call that reads any, again when one
 * of them has changed or an hour has passed, and again when a snapshot was given up since they were said, for
 * it may have been the one that carried them; undefined otherwise.
 *
 * /proc/sys/net shows each reader its own namespace's settings, whichever procfs it is read from and whatever
 * is asked for. So they are the root's only when the agent itself is in the root namespace; otherwise nothing
 * is sent, for the host's somaxconn beside another namespace's listener would be a wrong answer.
 *
 * @param readerNetDir the net folder of the agent itself.
 * @param givenUp how many snapshots were given up since the start: dropped or set aside.
 */
export function createSysctlSource(
  procfs: string,
  capabilities: Pick<Capabilities, "set">,
  readerNetDir = "/proc/self/net",
  givenUp: () => number = () => 0,
): (uptimeMs: number) => Sysctls | undefined {
  let said: { readonly text: string; readonly givenUp: number; readonly atMs: number } | null = null;
  let lookedMs: number | null = null;
  return (uptimeMs) => {
    if (lookedMs !== null && uptimeMs - lookedMs < EVERY_MS) return undefined;
    lookedMs = uptimeMs;
    const sysctls = isReadersOwn(procfs, readerNetDir) ? readSysctls(join(procfs, "sys")) : null;
    const seen = sysctls !== null && Object.keys(sysctls).length > 0;
    capabilities.set(
      "sysctls",
      seen,
      sysctls === null ? FOREIGN_ROOT : `${procfs}/sys/net shows no settings`,
    );
    if (sysctls === null || !seen) return undefined;
    const text = JSON.stringify(sysctls);
    const now = { text, givenUp: givenUp(), atMs: uptimeMs };
    const isKnown = said?.text === text && said.givenUp === now.givenUp && uptimeMs - said.atMs < REPEAT_MS;
    if (isKnown) return undefined;
    said = now;
    return sysctls;
  };
}

const FOREIGN_ROOT =
  "the kernel shows a process the settings of its own network namespace only, and the agent is not in the host's: give it the host's network (hostNetwork: true, --network host)";

/** The same file has the same inode in every mount of procfs. */
function isReadersOwn(procfs: string, readerNetDir: string): boolean {
  if (resolve(procfs) === "/proc") return true;
  const root = inodeOf(rootNetDir(procfs));
  return typeof root === "number" && root === inodeOf(readerNetDir);
}

/** Those that this kernel has and this user may read; a namespace other than the first has no tcp_mem. */
export function readSysctls(sysDir: string): Sysctls {
  const sysctls: Record<string, string> = {};
  for (const name of NAMES) {
    const value = readSysctl(join(sysDir, name.replaceAll(".", "/")));
    if (value !== null) sysctls[name] = value;
  }
  return sysctls;
}

function readSysctl(path: string): string | null {
  try {
    const text = readSource(path);
    return text === null ? null : parseSysctl(text);
  } catch {
    return null;
  }
}
