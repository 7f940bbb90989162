/** A small fleet something of which will be damaged, and the rollup's job with what it says of that. */
import { rollUp } from "../../src/jobs/roll-up.ts";
import type { Store } from "../../src/store/client.ts";
import type { SnapshotRow } from "../../src/store/snapshots.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { Metrics } from "../../src/telemetry/metrics.ts";
import type { NamespaceHistory } from "./fleet-oracle.ts";
import type { OracleSnapshot } from "./oracle.ts";
import { newHost, rowOf, type TestNamespace, worker } from "./rollups.ts";

export const T0 = Date.UTC(2026, 10, 22, 12);
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const LATER = T0 + 2 * DAY;
export const COUNTER = "TcpExtListenOverflows";

/** Hosts of one shard that report each 30 s, with a listener each. */
export async function newFleet(store: Store, hosts: number, minutes: number) {
  const fleet: (TestNamespace & NamespaceHistory & { readonly rows: SnapshotRow[] })[] = [];
  for (let host = 0; host < hosts; host++) {
    const namespace = await newHost(store);
    const history = Array.from({ length: minutes * 2 }, (_, index): OracleSnapshot => {
      const at = T0 + index * 30_000 + host;
      const socket = { inode: String(host + 1), drops: index, limit: 128, peakQueue: 1, samplesFull: 0 };
      return {
        at,
        uptimeMs: 1e6 + index * 30_000,
        everyMs: 30_000,
        boot: "boot",
        epoch: 0,
        wordSize: 64,
        values: {
          [COUNTER]: BigInt(index * (host + 1)),
          TcpExtListenDrops: BigInt(index),
          TcpCurrEstab: BigInt(index),
        },
        listeners: { samples: 1, complete: true, sockets: [socket] },
      };
    });
    const rows: SnapshotRow[] = [];
    for (const one of history) rows.push(await rowOf(store, namespace, one));
    fleet.push({ ...namespace, history, rows });
  }
  return fleet;
}

export function first<T>(list: readonly T[]): T {
  const [one] = list;
  if (one === undefined) throw new Error("there is one");
  return one;
}

/** The job as a worker runs it, with what it logs. */
export function job({ db }: Store, now: () => number) {
  const metrics = new Metrics();
  const said: string[] = [];
  const log = createLog("silent");
  log.error = ((facts: object, text: string) => said.push(`${text} ${JSON.stringify(facts)}`)) as never;
  log.info = ((facts: object, text: string) => said.push(`${text} ${JSON.stringify(facts)}`)) as never;
  const added: { readonly name: string; readonly data: unknown }[] = [];
  const addBulk = async (jobs: readonly { name: string; data: unknown }[]) => {
    added.push(...jobs);
  };
  const handle = rollUp({
    ...worker({ db }).deps,
    announcer: { rolledUp: () => undefined },
    log,
    metrics,
    now,
    // Whether the shard is judged then is another test's.
    queues: { rollup: { addBulk }, detect: { addBulk: async () => [] } } as never,
  });
  const run = async () => {
    await handle({ name: "tick", data: {} });
    for (const one of added.splice(0)) await handle(one);
  };
  return { run, said, metrics };
}
