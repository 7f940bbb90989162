/**
 * A small fleet with a story, for the example queries: three web servers and a database. For the last five minutes
 * version 2 of the web server, which runs in a container of web-3, accepts too slowly and drops SYNs.
 */
import type { HostSection, WireListener } from "../../src/protocol/message.ts";
import { TestHost } from "./pushes.ts";

const NAMES = [
  "TcpActiveOpens",
  "TcpPassiveOpens",
  "TcpAttemptFails",
  "TcpEstabResets",
  "TcpCurrEstab",
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtTCPReqQFullDrop",
];
const EVERY_MS = 10_000;

/** Half an hour of it. @param end ms since 1970: its last snapshot */
export function exampleFleet(end: number): HostSection[] {
  const start = end - 30 * 60_000;
  const ticks = Array.from({ length: (end - start) / EVERY_MS + 1 }, (_, tick) => tick);
  const web = ["1", "2", "3"].map((number) => {
    const version = number === "3" ? "2" : "1";
    const labels = { role: "web", region: number === "1" ? "eu" : "us", version };
    return new TestHost({ name: `web-${number}`, labels, names: NAMES, bootedAt: start - 86_400_000 });
  });
  const db = new TestHost({ name: "db-1", labels: { role: "db", region: "eu" }, names: NAMES });
  const sections = [...web, db].map((host) =>
    host.section(
      ticks.map((tick) => host.snapshot(start + tick * EVERY_MS, calm(tick), settings(tick))),
      { capabilities: [{ name: "listeners.limits", available: true }] },
    ),
  );
  const sick = web[2];
  const section = sections[2];
  if (sick === undefined || section === undefined) throw new Error("three hosts have a third");
  const container = {
    kind: "container" as const,
    inode: "4026532001",
    birth: 1_000,
    containerId: "3f1c2a9d7b6e",
    name: "shop-7d9f",
    labels: { app: "shop" },
  };
  const inside = ticks.map((tick) => {
    const late = Math.max(0, tick - 150);
    const [drops, accepted] = [late * 42, tick * 300 - late * 200];
    return sick.snapshot(start + tick * EVERY_MS, [tick * 20, accepted, 0, tick, 150, drops, drops, 0], {
      namespace: 0,
      ...settings(tick),
      listeners: { source: "ss", samples: 5, sockets: [shop(late, drops)] },
    });
  });
  sections[2] = { ...section, namespaces: [container], snapshots: [...section.snapshots, ...inside] };
  return sections;
}

function calm(tick: number) {
  return [tick * 30, tick * 200, tick, tick * 2, 80, 0, 0, 0];
}

function settings(tick: number) {
  return tick === 0 ? { sysctls: { "net.core.somaxconn": "4096", "net.ipv4.tcp_syncookies": "1" } } : {};
}

function shop(late: number, drops: number): WireListener {
  const full = late > 0;
  return {
    inode: "77",
    address: "0.0.0.0",
    port: 8080,
    limit: 128,
    acceptQueue: full ? 129 : 3,
    peakQueue: full ? 129 : 5,
    samplesFull: full ? 5 : 0,
    drops,
    uid: 1000,
    owner: "shop",
  };
}
