import { join } from "node:path";
import type { Collector } from "../collector.ts";
import { parsePairedLines } from "../parse/paired-lines.ts";
import { readSource } from "./source-file.ts";

/**
 * Ip, Icmp, IcmpMsg, Tcp, Udp and UdpLite counters from /proc/net/snmp.
 *
 * `IcmpMsg` has a field for each ICMP type seen so far, so its names grow while a host runs: one more reason
 * to take every name present and to assume none. `Tcp: CurrEstab` is a gauge, `Tcp: MaxConn` is always -1.
 */
export const snmp: Collector = {
  name: "snmp",
  collect({ netDir }) {
    const path = join(netDir, "snmp");
    const text = readSource(path);
    return text === null ? null : parsePairedLines(text, path);
  },
};
