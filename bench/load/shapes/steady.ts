import { measure } from "../measure.ts";
import { AGENTS, fleetOf, fleetWords, greet, PUSHES, pushing, type Shape, setStage } from "../shape.ts";

/** A fleet on an ordinary day. */
export const steady: Shape = async (shop, sizes) => {
  const stage = await setStage(shop);
  await stage.generator.agents(AGENTS, fleetOf(sizes), stage.deployment.target);
  await greet(stage, [AGENTS], sizes.hosts);
  const measured = await measure(stage.deployment, stage.generator, [pushing(sizes)]);
  return [{ shape: "steady", name: fleetWords(sizes), label: PUSHES, measured, notes: [] }];
};
