/** Questions about a fleet so large that its samples fill neither a benchmark's time nor its disk: two counters of it. */
import { FLEET_DEFAULTS, type FleetOptions, hostIdentity } from "../fleet/fleet.ts";
import { type ImportedSeries, importSeries } from "../peers/import.ts";
import { type Peer, startVictoria } from "../peers/servers.ts";
import type { Figure } from "../support/figure.ts";
import { startDatabase, startServe } from "../support/spillway.ts";
import type { Workshop } from "../support/workshop.ts";
import { registerFleet } from "./fill.ts";
import { fillRollups } from "./fill-rollups.ts";
import { ask, fleetQuestions, type Span } from "./questions.ts";
import { DENSE, EVENT, twoCounters } from "./two-counters.ts";

export interface LargeFleetSizes {
  readonly hosts: number;
  readonly hours: number;
  readonly burstShare: number;
  readonly rounds: number;
  readonly peers: boolean;
}

const MINUTE_MS = 60_000;
const SERIES_PER_IMPORT = 20;

export async function benchLargeFleet(
  shop: Workshop,
  sizes: LargeFleetSizes,
  missing: string[],
): Promise<Figure[]> {
  const { hosts, hours, burstShare, rounds } = sizes;
  const minutes = Math.round(hours * 60);
  const toMs = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - 2 * MINUTE_MS;
  const span: Span = { fromMs: toMs - minutes * MINUTE_MS, toMs };
  const fleet: FleetOptions = { ...FLEET_DEFAULTS, hosts, burstShare, startMs: span.fromMs };

  const database = await startDatabase(shop);
  const stored = await registerFleet(database.store.db, fleet, [EVENT, DENSE]);
  await fillRollups(database.store.db, fleet, stored, minutes);
  const victoria = sizes.peers ? await startVictoria(shop) : null;
  if (victoria === null) missing.push("VictoriaMetrics: not installed, or --no-peers");
  else await fillVictoria(victoria, fleet, minutes);

  const spillway = await startServe(shop, database);
  const questions = [
    ...fleetQuestions(EVENT, span),
    ...fleetQuestions(DENSE, span).filter(({ name }) => !name.includes("affected")),
  ];
  const figures = await ask("large fleet", questions, { spillway, database, victoria }, span, rounds);
  await Promise.all([spillway.serve.stop(), victoria?.stop()]);
  await database.stop();
  return figures.map((figure) => ({
    ...figure,
    name: `${hosts.toLocaleString("en-US")} hosts, ${hours} h: ${figure.name}`,
  }));
}

async function fillVictoria(victoria: Peer, fleet: FleetOptions, minutes: number): Promise<void> {
  const steps = (minutes * MINUTE_MS) / fleet.everyMs;
  let series: ImportedSeries[] = [];
  for (let index = 0; index < fleet.hosts; index++) {
    const { name, region, role } = hostIdentity(fleet, index);
    const { event, dense } = twoCounters(fleet, index, steps);
    // Behind the start of its interval by a place of its own, as agents are.
    const phase = (index * 7_919) % fleet.everyMs;
    const timestamps = Array.from(
      { length: steps },
      (_, step) => fleet.startMs + step * fleet.everyMs + phase,
    );
    for (const [counter, grown] of [
      [EVENT, event],
      [DENSE, dense],
    ] as const) {
      let value = 1_000;
      const values = grown.map((by) => {
        value += by;
        return value;
      });
      series.push({ counter, labels: { instance: name, region, role }, values, timestamps });
    }
    if (series.length >= SERIES_PER_IMPORT || index === fleet.hosts - 1) {
      await importSeries(victoria, series);
      series = [];
    }
  }
  await victoria.flush();
}
