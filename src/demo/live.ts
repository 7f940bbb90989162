import type { Logger } from "../telemetry/log.ts";
import { MINUTE_MS } from "./fleet.ts";
import { LIVE_EVERY_MS, type SimulatedHost } from "./host.ts";
import { pushesOf, type Said } from "./push.ts";

/** How often whoever has something to say is heard. */
const TURN_MS = 1_000;
/** So much of the past is told at once ... */
const PAST_STRETCH_MS = 15 * MINUTE_MS;
/** ... and then the service is left alone for so many times as long as it took, so that it keeps up with the present. */
const PAST_REST = 2;

export interface AgentsOptions {
  /** Where the service takes pushes. */
  readonly server: string;
  readonly ingestToken: string;
  readonly log: Pick<Logger, "warn">;
  readonly now: () => number;
}

/**
 * The agents of the simulated hosts: each tells every ten seconds what its counters say, over HTTP like every other. The
 * first turn tells what has happened since the history ended.
 *
 * @returns a function that ends it
 */
export function startLive(hosts: readonly SimulatedHost[], options: AgentsOptions): () => Promise<void> {
  return repeat(options, async (signal) => {
    await pushAll(
      options,
      saidBy(hosts, (host) => host.advance(options.now(), () => LIVE_EVERY_MS)),
      signal,
    );
    return TURN_MS;
  });
}

/**
 * Tells what was before the history, the newest first, as agents do that were cut off: late, over HTTP, a stretch at a
 * time. The workers of the service roll it up; it is not judged.
 *
 * @param hosts that have said nothing yet
 * @param downToMs ms since 1970: where it ends
 * @returns a function that ends it ahead of that
 */
export function startPast(
  hosts: readonly SimulatedHost[],
  { fromMs, downToMs }: { readonly fromMs: number; readonly downToMs: number },
  options: AgentsOptions,
): () => Promise<void> {
  let from = fromMs;
  return repeat(options, async (signal) => {
    const started = performance.now();
    from = Math.max(downToMs, from - PAST_STRETCH_MS);
    await pushAll(
      options,
      saidBy(hosts, (host) => host.retreat(from, MINUTE_MS, options.now())),
      signal,
    );
    return from > downToMs ? PAST_REST * (performance.now() - started) : null;
  });
}

function saidBy(
  hosts: readonly SimulatedHost[],
  ask: (host: SimulatedHost) => Said["section"] | null,
): readonly Said[] {
  return hosts.flatMap((host) => {
    const section = ask(host);
    return section === null ? [] : [{ section, agentVersion: host.facts.agentVersion }];
  });
}

/** @param signal ends it between two pushes, or within one */
async function pushAll(
  { server, ingestToken, log, now }: AgentsOptions,
  said: readonly Said[],
  signal: AbortSignal,
): Promise<void> {
  const headers = { "content-type": "application/json", authorization: `Bearer ${ingestToken}` };
  for (const push of pushesOf(said, now())) {
    const body = JSON.stringify(push);
    const response = await fetch(`${server}/v1/snapshots`, { method: "POST", headers, body, signal });
    const text = await response.text();
    if (!response.ok) log.warn({ status: response.status, text }, "the service refused a push of the demo");
  }
}

/** Does it again and again. @param turn the ms to wait until the next, null when there is none */
function repeat(
  { log }: Pick<AgentsOptions, "log">,
  turn: (signal: AbortSignal) => Promise<number | null>,
): () => Promise<void> {
  const stop = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  const go = async (): Promise<void> => {
    const waitMs = await turn(stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) log.warn({ err: error }, "a push of the demo failed");
      return TURN_MS;
    });
    if (waitMs === null || stop.signal.aborted) return;
    timer = setTimeout(() => {
      running = go();
    }, waitMs);
  };
  let running = go();
  return async () => {
    stop.abort();
    if (timer !== null) clearTimeout(timer);
    await running;
  };
}
