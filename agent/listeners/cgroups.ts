import type { DiagListener } from "./parse-diag.ts";
import type { SeenListener } from "./seen.ts";

/** Paths of cgroups, by the ids by which tcp_diag names them. */
export interface CgroupPaths {
  /** Whether a socket is in a cgroup that nobody asked about, or not for a while. */
  isNews(sockets: readonly DiagListener[]): boolean;
  /** Takes in what `ss -ltne` printed of these sockets; "" when it gave nothing. */
  learn(sockets: readonly DiagListener[], text: string): void;
  /** The socket with the path of its cgroup, as far as that is known. */
  named(socket: DiagListener): SeenListener;
}

/** How long a path that was not to be had is not asked for again. */
const RETRY_MS = 10 * 60_000;
/** More than hosts have with a listener in them. */
const KEPT_PATHS = 4_096;

interface Known {
  readonly path: string | undefined;
  readonly askedAtMs: number;
}

/**
 * A cgroup keeps its path and its id as long as it is there, and no other ever gets that id: each has to be
 * asked for once. That is much to save: to name a single one, ss goes through every file of every cgroup of the
 * host, which took 15 ms of its 17 with 300 of them.
 */
export function createCgroupPaths(now: () => number): CgroupPaths {
  const known = new Map<string, Known>();
  return {
    isNews: (sockets) =>
      sockets.some(({ cgroupId }) => {
        if (cgroupId === undefined) return false;
        const one = known.get(cgroupId);
        return one === undefined || (one.path === undefined && now() - one.askedAtMs >= RETRY_MS);
      }),
    learn(sockets, text) {
      const paths = readPaths(text);
      if (known.size > KEPT_PATHS) known.clear();
      for (const { cgroupId, cookie = "" } of sockets) {
        if (cgroupId === undefined || known.get(cgroupId)?.path !== undefined) continue;
        known.set(cgroupId, { path: paths.get(cookie), askedAtMs: now() });
      }
    },
    named(socket) {
      const path = socket.cgroupId === undefined ? undefined : known.get(socket.cgroupId)?.path;
      return path === undefined ? socket : { ...socket, cgroup: path };
    },
  };
}

/** The first one: a path may hold such words too. */
const COOKIE = /\ssk:([0-9a-f]{1,16})(?=\s|$)/;
/** It may hold anything but a newline: what is before it and after it is cut off. */
const CGROUP = /\scgroup:(.*?)(?=\s+(?:v6only:[01]|<->|-->|<--|---)(?:\s|$)|\s*$)/;

/** Paths by the cookies of the sockets. */
function readPaths(text: string): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const line of text.split("\n")) {
    const cookie = COOKIE.exec(line);
    if (cookie === null) continue;
    const path = CGROUP.exec(line.slice(cookie.index + cookie[0].length))?.[1];
    // A cgroup that ss cannot find by its id is "unreachable:<id>": that of another mount or one removed.
    if (path?.startsWith("/")) paths.set(cookie[1] ?? "", path);
  }
  return paths;
}
