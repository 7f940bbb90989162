import { join } from "node:path";
import type { Collector } from "../collector.ts";
import { parseSockstat } from "../parse/sockstat.ts";
import { readSource } from "./source-file.ts";

/** Numbers of IPv6 sockets from /proc/net/sockstat6; a kernel with IPv6 off has no such file. */
export const sockstat6: Collector = {
  name: "sockstat6",
  absence: "there is no net/sockstat6: IPv6 is off in this kernel",
  collect({ netDir }) {
    const path = join(netDir, "sockstat6");
    const text = readSource(path);
    return text === null ? null : parseSockstat(text, "Sockstat6", path);
  },
};
