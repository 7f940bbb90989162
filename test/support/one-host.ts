/** Snapshots of one host, an unbroken run of them unless it is said otherwise. */
import type { NamespaceHistory } from "./fleet-oracle.ts";
import type { OracleSnapshot } from "./oracle.ts";
import type { TestNamespace } from "./rollups.ts";

export const T0 = Date.UTC(2026, 10, 22, 12);

/** A snapshot of an unbroken run. */
export function at(
  seconds: number,
  values: Record<string, number>,
  more: Partial<OracleSnapshot> = {},
): OracleSnapshot {
  return {
    at: T0 + seconds * 1000,
    uptimeMs: 1e6 + seconds * 1000,
    everyMs: 10_000,
    boot: "boot",
    epoch: 0,
    wordSize: 64,
    layout: ["TcpExtListenOverflows", "TcpExtListenDrops", "TcpActiveOpens", "TcpCurrEstab"],
    values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, BigInt(value)])),
    ...more,
  };
}

export const overflows = (value: number) => ({ TcpExtListenOverflows: value, TcpActiveOpens: value * 10 });

export const fleetOf = (
  { namespaceId }: TestNamespace,
  history: readonly OracleSnapshot[],
): readonly NamespaceHistory[] => [{ namespaceId, history }];

/** What is sampled of listening sockets, in as few words. */
export const listening = (
  sockets: readonly [inode: string, drops: number, queue: number][],
  complete = true,
) => ({
  samples: 1,
  complete,
  sockets: sockets.map(([inode, drops, peakQueue]) => ({
    inode,
    drops,
    peakQueue,
    limit: 128,
    samplesFull: 0,
  })),
});
