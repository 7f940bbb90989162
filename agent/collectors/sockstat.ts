import { join } from "node:path";
import type { Collector } from "../collector.ts";
import { parseSockstat } from "../parse/sockstat.ts";
import { readSource } from "./source-file.ts";

/**
 * Numbers of sockets from /proc/net/sockstat: all of them gauges.
 *
 * `sockets: used` is of every family and `TCP: inuse` of IPv4 alone (IPv6 has sockstat6).
 */
export const sockstat: Collector = {
  name: "sockstat",
  absence: "there is no net/sockstat: this kernel was built without it",
  collect({ netDir }) {
    const path = join(netDir, "sockstat");
    const text = readSource(path);
    return text === null ? null : parseSockstat(text, "Sockstat", path);
  },
};

/**
 * What the file shows of the whole host in every namespace (net/ipv4/proc.c adds these up without looking at
 * the namespace; a new one showed the host's `alloc`): sent with the root, never as those of a container.
 */
export const HOST_WIDE_GAUGES: ReadonlySet<string> = new Set([
  "SockstatTCPOrphan",
  "SockstatTCPAlloc",
  "SockstatTCPMem",
  "SockstatUDPMem",
]);
