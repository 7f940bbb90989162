/**
 * Containers that come and go: for ours rows of namespaces, for a peer new series in its index. Ingest again,
 * on hosts each of which has many short-lived namespaces beside its root.
 */
import { FLEET_DEFAULTS } from "../fleet/fleet.ts";
import { startVictoria } from "../peers/servers.ts";
import type { Figure } from "../support/figure.ts";
import { startDatabase, startServe } from "../support/spillway.ts";
import type { Workshop } from "../support/workshop.ts";
import { startGenerator } from "./generator-client.ts";
import {
  detailsOf,
  type Lane,
  measureRounds,
  newSums,
  openLane,
  ourServer,
  peerServer,
  perCpuSecond,
  usualForm,
} from "./lanes.ts";

export interface ChurnSizes {
  readonly hosts: number;
  readonly namespaces: number;
  readonly lifeMs: number;
  readonly rounds: number;
  readonly steps: number;
  readonly peers: boolean;
}

export async function benchChurn(shop: Workshop, sizes: ChurnSizes, missing: string[]): Promise<Figure[]> {
  const { hosts, namespaces, lifeMs, rounds, steps } = sizes;
  const database = await startDatabase(shop);
  const spillway = await startServe(shop, database);
  const victoria = sizes.peers ? await startVictoria(shop) : null;
  if (victoria === null) missing.push("VictoriaMetrics: not installed, or --no-peers");
  const generator = startGenerator(shop);
  const startMs = Date.now() - (rounds * steps + 2) * FLEET_DEFAULTS.everyMs;
  const servers = [ourServer(spillway, database), ...(victoria === null ? [] : [peerServer(victoria)])];
  const lanes = servers.map(
    (server): Lane => ({
      name: `${server.name} churn`,
      server,
      form: usualForm(server),
      hostsPerRequest: 1,
      gzip: server.token !== null,
      fleet: { ...FLEET_DEFAULTS, hosts, startMs },
      churn: { namespaces, lifeMs },
      sums: newSums(),
    }),
  );
  // One interval: the namespaces that there are at the start are registered, those that come later are counted.
  for (const lane of lanes) await openLane(lane, generator, 1);
  const before = await countNamespaces(database.store.db);
  const background = await measureRounds(lanes, generator, sizes);
  const made = (await countNamespaces(database.store.db)) - before;
  const [ours, rival] = lanes;
  if (ours === undefined) return [];
  const figure: Figure = {
    part: "churn",
    name: `${namespaces} namespaces on each of ${hosts} hosts, each living ${lifeMs / 60_000} minutes`,
    unit: "samples/CPU s",
    ours: perCpuSecond(ours, lanes, background),
    peer:
      rival === undefined ? null : { name: rival.server.name, value: perCpuSecond(rival, lanes, background) },
    better: "higher",
    details: { ...detailsOf(ours), "new namespaces": made, "of snapshots": ours.sums.snapshots },
  };
  await Promise.all([generator.stop(), spillway.serve.stop(), victoria?.stop()]);
  await database.stop();
  return [figure];
}

async function countNamespaces(db: { namespace: { count(): Promise<number> } }): Promise<number> {
  return db.namespace.count();
}
