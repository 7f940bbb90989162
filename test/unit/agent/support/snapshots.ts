import type { Layout, QueuedSnapshot } from "../../../../agent/snapshot.ts";
import { layoutHash } from "../../../../src/protocol/layout.ts";
import type { WireEpoch } from "../../../../src/protocol/message.ts";
import { BOOT } from "./procfs.ts";

export const EPOCH: WireEpoch = { boot: BOOT, number: 0, kernel: "6.18.44", arch: "x86_64", wordSize: 64 };

export const LAYOUT: Layout = layoutOf(["TcpExtListenOverflows", "TcpExtListenDrops"]);

export function layoutOf(names: readonly string[]): Layout {
  return { hash: layoutHash(names), names };
}

/** A snapshot as the queue holds it; `at` tells it from others. */
export function snapshot(at: number, { epoch = EPOCH, layout = LAYOUT } = {}): QueuedSnapshot {
  const values = layout.names.map((_name, i) => at + i);
  const json = JSON.stringify({ at, uptimeMs: at, everyMs: 10_000, layout: layout.hash, values });
  return { epoch, layout, at, json };
}

/** Snapshots at 1, 2, ... */
export function snapshots(count: number): QueuedSnapshot[] {
  return Array.from({ length: count }, (_one, i) => snapshot(i + 1));
}
