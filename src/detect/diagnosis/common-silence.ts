import { several } from "../words.ts";

/** From this share of a fleet on, what they have in common is the service itself. */
const MOST = 0.8;

/**
 * What is said of hosts that fell silent at once: of any one of them it would be that it is down.
 *
 * @param silent hosts that are silent
 * @param all hosts of the fleet
 */
export function commonSilence(silent: number, all: number): { summary: string; remedies: string[] } {
  const own =
    "See whether Spillway takes pushes: `/readyz`, spillway_ingest_pushes_total of `/metrics`, its log, its database's disk; then the load balancer, firewall and name by which agents reach it. `spillway-agent doctor` on one of the hosts says which step fails. Agents keep what they cannot send, and nothing is lost meanwhile.";
  const shared =
    "See what the silent hosts have in common that the others have not: a rack, a zone, a switch, a token that has ended, an upgrade of the agent.";
  const isMost = silent >= MOST * all;
  const likely = isMost
    ? "it is Spillway's own ingest, or the network before it."
    : "the others report, so it is what these have in common.";
  return {
    summary: `${several(silent, "host")} of ${all} fell silent at once: most likely ${likely}`,
    remedies: isMost ? [own, shared] : [shared, own],
  };
}
