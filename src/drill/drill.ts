import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { SpillwayError } from "../errors.ts";
import { openDoor } from "./door.ts";
import type { DrillEvent, DrillNews } from "./events.ts";
import { FollowedDrill } from "./followed-drill.ts";
import { holdBox } from "./held-box.ts";
import { type DrillKind, SCENARIOS, type Scenario } from "./kinds.ts";
import { findPlace, NETWORK_REMEDY, type Place } from "./place.ts";
import { askService, type ServiceAddress } from "./service.ts";

export interface DrillOptions {
  readonly kind: DrillKind;
  readonly service: ServiceAddress;
  /** For the agent. */
  readonly ingestToken: string;
  /** The agent as one file. */
  readonly agent: string;
}

const HOST_NAME_LENGTH = 100;

/** The name of the host that a drill is seen as. */
export function drillHost(): string {
  return `drill-${hostname()}`.slice(0, HOST_NAME_LENGTH);
}

/**
 * Makes a fault on this machine, has it seen by an agent of its own, follows it through the service, and cleans up
 * after itself whatever happens.
 *
 * The agent is its own, with a host of its own (`drill-...`), and not this machine's: that one looks for new
 * namespaces each 30 s and pushes each 10 s, and its host would have the fault in its history. The host of a drill
 * is new each time, so that what is learned in one does not change the next; it leaves at the end.
 *
 * @param tell is given what happens, as it comes
 * @param signal ends it early, with its reason thrown
 * @returns whether the cause that was named is the right one
 * @throws CONFIGURATION where it cannot be made here; UNAVAILABLE, UNAUTHENTICATED, FORBIDDEN where the service
 * cannot be asked
 */
export async function runDrill(
  options: DrillOptions,
  tell: (event: DrillEvent) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const { kind, service, ingestToken, agent } = options;
  const scenario = SCENARIOS[kind];
  const place = placeFor(kind, scenario);
  await checkToken(service, ingestToken);
  const say = (news: DrillNews) => tell({ at: Date.now(), ...news } as DrillEvent);
  const host = drillHost();
  const folder = await mkdtemp(join(tmpdir(), "spillway-drill-"));
  const door = join(folder, "door");
  const closeDoor = await openDoor(door, service);
  const { app, load, stalls, patienceMs: atMostMs, what } = scenario;
  const where = { folder, door, stateDir: join(folder, "state") };
  const box = holdBox(place, { place: place.kind, app, load, stalls, host, agent, ...where }, ingestToken);
  try {
    say({ type: "begun", kind, what, place: place.kind, why: whyNot(place), host, atMostMs });
    return await new FollowedDrill(service, scenario, box, say, signal).run();
  } finally {
    await box.end();
    closeDoor();
    await rm(folder, { recursive: true, force: true });
  }
}

/** That the service answers, and that the agent may push: else it would be waited for in vain. */
async function checkToken(service: ServiceAddress, ingestToken: string): Promise<void> {
  const { viewer } = await askService<{ viewer: { scopes: readonly string[] } }>(
    service,
    "{ viewer { scopes } }",
  );
  if (service.token !== ingestToken || viewer.scopes.includes("ingest")) return;
  throw new SpillwayError(
    "FORBIDDEN",
    `the token may ${viewer.scopes.join(", ")}, and lacks the scope ingest: the drill has an agent, which pushes with it`,
  );
}

function placeFor(kind: DrillKind, { needsNetwork }: Scenario): Place {
  if (process.platform !== "linux") {
    throw new SpillwayError("CONFIGURATION", "a drill needs Linux: it is its kernel's counters that move");
  }
  const place = findPlace();
  if (place.kind === "namespaces" || needsNetwork === null) return place;
  throw new SpillwayError(
    "CONFIGURATION",
    `the drill "${kind}" cannot be made here (${place.why}): ${needsNetwork}. It takes a network of its own; ${NETWORK_REMEDY}`,
  );
}

function whyNot(place: Place): string | null {
  return place.kind === "namespaces" ? null : place.why;
}
