import type { Collector } from "../collector.ts";
import { netstat } from "./netstat.ts";
import { snmp } from "./snmp.ts";
import { sockstat } from "./sockstat.ts";
import { sockstat6 } from "./sockstat6.ts";

/** What the agent reads, in the order of a snapshot's counters. */
export const COLLECTORS: readonly Collector[] = [snmp, netstat, sockstat, sockstat6];
