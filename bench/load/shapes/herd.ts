import { measure } from "../measure.ts";
import { AGENTS, fleetOf, fleetWords, greet, PUSHES, pushing, type Shape, setStage } from "../shape.ts";

const WITHIN_MS = 1_000;

/**
 * The service was away: all agents connect again within one second, each with what it has kept in one push, and
 * go on with their usual ones. Agents wait a random time before they try again, so this is worse than they are.
 */
export const herd: Shape = async (shop, sizes) => {
  const stage = await setStage(shop);
  const { deployment, generator } = stage;
  const { backlog, hosts, intervalMs } = sizes;
  // Greeted with the oldest, so that there is room for the backlog between it and now.
  await generator.agents(AGENTS, fleetOf(sizes, backlog + 2), deployment.target);
  await greet(stage, [AGENTS], hosts);
  await generator.disconnect(AGENTS);
  const label = "backlog";
  const measured = await measure(
    deployment,
    generator,
    [{ of: AGENTS, label, kind: "burst", from: 0, intervals: backlog, withinMs: WITHIN_MS }, pushing(sizes)],
    true,
  );
  const usual = measured.ran.sent[PUSHES];
  return [
    {
      shape: "herd",
      name: `${fleetWords(sizes)} come back within 1 s with ${backlog} snapshots each (${Math.round(intervalMs / WITHIN_MS)}x the usual rate)`,
      label,
      measured,
      notes: [
        `rollups had caught up ${measured.lag.backAfterS.toFixed(1)} s after the first connection`,
        `usual pushes meanwhile and after: p50 ${usual?.p50Ms.toFixed(0)} ms, p99 ${usual?.p99Ms.toFixed(0)} ms`,
      ],
    },
  ];
};
