import type { Scenario } from "../scenario.ts";
import { BENIGN_SCENARIOS } from "./benign.ts";
import { DATA_SCENARIOS } from "./data.ts";
import { FLEET_SCENARIOS } from "./fleet.ts";
import { NETWORK_SCENARIOS } from "./network.ts";
import { QUEUE_SCENARIOS } from "./queue.ts";

/** The table of scenarios, in the order in which it is shown. */
export const SCENARIOS: readonly Scenario[] = [
  ...QUEUE_SCENARIOS,
  ...NETWORK_SCENARIOS,
  ...FLEET_SCENARIOS,
  ...DATA_SCENARIOS,
  ...BENIGN_SCENARIOS,
];
