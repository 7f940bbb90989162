import { cpus } from "node:os";
import { FLEET_DEFAULTS } from "../../fleet/fleet.ts";
import { type Measured, measure } from "../measure.ts";
import { connectionsAtMost } from "../open-files.ts";
import type { Sizes } from "../options.ts";
import { AGENTS, fleetWords, greet, PUSHES, pushing, type Row, type Shape, setStage } from "../shape.ts";
import { boundBy, generatorFault } from "../verdict.ts";

/**
 * More and more hosts, until the rollups lag by an interval or an answer in a hundred takes as long; then some steps
 * between. Where there can be no more connections the interval is shortened, and told as the hosts that push as
 * often at the usual one: rollups of minutes cost a little less then than those of as many hosts.
 */
export const ramp: Shape = async (shop, sizes) => {
  const stage = await setStage(shop);
  const { deployment, generator } = stage;
  const { intervalMs } = sizes;
  const startMs = Date.now() - intervalMs;
  const connections = connectionsAtMost();
  let greeted = 0;

  const step = async (hosts: number): Promise<Row> => {
    const own: Sizes = { ...sizes, ...withinConnections(hosts, intervalMs, connections) };
    if (own.hosts > greeted) {
      const fleet = { ...FLEET_DEFAULTS, hosts: own.hosts, everyMs: intervalMs, startMs };
      await generator.agents(AGENTS, fleet, deployment.target, own.hosts);
      await greet(stage, [AGENTS], own.hosts, greeted);
      greeted = own.hosts;
    } else await deployment.settle();
    const measured = await measure(deployment, generator, [pushing(own)]);
    const held = heldOut(measured, intervalMs);
    const fault = generatorFault(measured);
    const notes = [
      `${held ? "held" : "did not hold"}${fault === null ? "" : `; the generator was what bounded it: ${fault}`}`,
      `bound by ${boundBy(measured, cpus().length)}`,
    ];
    const words = `${hosts.toLocaleString("en-US")} hosts each ${intervalMs / 1_000} s`;
    const name = own.hosts === hosts ? words : `${words}, as ${fleetWords(own)}`;
    return { shape: "ramp", name, label: PUSHES, measured, notes };
  };

  return climb(sizes, intervalMs, step);
};

/** Steps up until one does not hold, then between the two, the finer the more. */
async function climb(
  { ramp: { first, factor, most, refine } }: Sizes,
  intervalMs: number,
  step: (hosts: number) => Promise<Row>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let [good, bad] = [0, Number.POSITIVE_INFINITY];
  const at = async (hosts: number) => {
    process.stderr.write(`bench: ramp: ${hosts.toLocaleString("en-US")} hosts ...\n`);
    const row = await step(hosts);
    rows.push(row);
    if (heldOut(row.measured, intervalMs)) good = Math.max(good, hosts);
    else bad = Math.min(bad, hosts);
  };
  for (
    let hosts = first;
    hosts <= most && bad === Number.POSITIVE_INFINITY;
    hosts = Math.round(hosts * factor)
  ) {
    await at(hosts);
  }
  for (let left = refine; left > 0 && bad !== Number.POSITIVE_INFINITY && good > 0; left--) {
    await at(Math.round((good + bad) / 2));
  }
  return rows;
}

/** Lag of rollups and all but one answer in a hundred stayed under an interval, and all were answered. */
export function heldOut({ lag, ran }: Measured, intervalMs: number): boolean {
  const pushes = ran.sent[PUSHES];
  if (pushes === undefined) return false;
  return lag.max * 1_000 < intervalMs && pushes.p99Ms < intervalMs && pushes.unanswered === 0;
}

/** So many hosts, or as many as can be connected with an interval that is shorter by as much. */
function withinConnections(hosts: number, intervalMs: number, connections: number) {
  if (hosts <= connections) return { hosts, intervalMs };
  return { hosts: connections, intervalMs: Math.round((intervalMs * connections) / hosts) };
}
