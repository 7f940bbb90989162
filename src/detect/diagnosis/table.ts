import { acceptQueueTooSmall, applicationSlow, applicationStalled } from "./causes/accept-queue.ts";
import { restart, serviceDown } from "./causes/closed.ts";
import { dataProblem, hostSilent } from "./causes/data.ts";
import { memoryPressure, otherListenDrops } from "./causes/drops.ts";
import { connectionLeak, pathLoss, portExhaustion } from "./causes/network.ts";
import { clientAborts, inboundScan, localAborts } from "./causes/resets.ts";
import { synFlood, synQueueFull } from "./causes/syn-queue.ts";
import { upstreamRefusing, upstreamUnreachable } from "./causes/upstream.ts";
import type { Rule } from "./rule.ts";

/** The decision table: the first row that fits is the cause, later ones contribute. The order is that of CAUSES. */
export const TABLE: readonly Rule[] = [
  dataProblem,
  hostSilent,
  restart,
  serviceDown,
  applicationStalled,
  applicationSlow,
  acceptQueueTooSmall,
  synFlood,
  synQueueFull,
  memoryPressure,
  upstreamRefusing,
  upstreamUnreachable,
  inboundScan,
  clientAborts,
  localAborts,
  pathLoss,
  portExhaustion,
  connectionLeak,
  otherListenDrops,
];
