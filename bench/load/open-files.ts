import { readFileSync } from "node:fs";

/** What a process has open besides its connections, with room to spare. */
const OTHERS = 500;

/** Connections that one process may have here, by its limit of open files and the ports that are there for them. */
export function connectionsAtMost(): number {
  const files = Number(/^Max open files +([0-9]+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]);
  const [first = 0, last = 0] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8")
    .trim()
    .split(/\s+/)
    .map(Number);
  return Math.min(files, last - first) - OTHERS;
}
