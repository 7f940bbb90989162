import { join } from "node:path";
import type { Collector } from "../collector.ts";
import { parsePairedLines } from "../parse/paired-lines.ts";
import { readSource } from "./source-file.ts";

/**
 * TcpExt, IpExt and MPTcpExt counters from /proc/net/netstat.
 *
 * The set of names grows with the kernel version, so every name present is read and none is assumed. A
 * counter that this kernel lacks stays absent: absent and zero mean different things to a rate.
 */
export const netstat: Collector = {
  name: "netstat",
  collect({ netDir }) {
    const path = join(netDir, "netstat");
    const text = readSource(path);
    return text === null ? null : parsePairedLines(text, path);
  },
};
