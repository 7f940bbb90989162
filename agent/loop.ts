import type { AgentConfig } from "../src/protocol/answer.ts";
import { LIMITS } from "../src/protocol/limits.ts";
import type { Step } from "./push.ts";
import type { Timers } from "./timers.ts";

export interface LoopParts {
  readonly timers: Timers;
  /** Milliseconds of uptime: the grid on which scrapes lie. */
  readonly uptimeMs: () => number;
  /** One scrape into the queue. Must not throw and never waits for the network. */
  readonly scrape: (everyMs: number) => void;
  /** One push out of the queue, as `Pusher.push`. */
  readonly push: (signal: AbortSignal) => Promise<Step>;
  readonly intervalMs: number;
  /** --interval was given: the service's wish does not change it. */
  readonly intervalIsFixed: boolean;
  /** This host's place in [0, 1) within the service's jitter. */
  readonly place: number;
  readonly onInterval: (everyMs: number) => void;
}

export interface Loops {
  /** Takes in what the service asks of its agents. */
  configure(config: AgentConfig): void;
  /** Ends scraping, gives unsent snapshots up to `graceMs` to leave, and resolves when both loops are over. */
  stop(graceMs: number): Promise<void>;
}

/**
 * Two loops: scrape into the queue, which never waits for the network, and queue to service, which never
 * delays a scrape. The second sends each snapshot as it comes, after this host's part of the jitter.
 */
export function startLoops(parts: LoopParts): Loops {
  const { timers, uptimeMs } = parts;
  const aborter = new AbortController();
  let everyMs = parts.intervalMs;
  let jitterMs = 0;
  let stopping = false;
  let cancelScrape = () => {};
  /** Ends the pause that the push loop is in; `true` when a snapshot came, `false` when stopping. */
  let wake: (reason: "snapshot" | "stop") => void = () => {};

  function scrapeNow(): void {
    parts.scrape(everyMs);
    scheduleScrape();
    wake("snapshot");
  }

  function scheduleScrape(): void {
    cancelScrape();
    cancelScrape = timers.after(delayToNext(uptimeMs(), everyMs), scrapeNow);
  }

  function pause(ms: number | null, endsWithSnapshot: boolean): Promise<"snapshot" | "stop" | "time"> {
    if (stopping) return Promise.resolve("stop");
    return new Promise((resolve) => {
      const cancel = ms === null ? () => {} : timers.after(ms, () => end("time"));
      const end = (reason: "snapshot" | "stop" | "time") => {
        if (reason === "snapshot" && !endsWithSnapshot) return;
        wake = () => {};
        cancel();
        resolve(reason);
      };
      wake = end;
    });
  }

  async function pushLoop(): Promise<void> {
    while (!stopping) {
      const step = await parts.push(aborter.signal);
      if (step.next === "wait") await pause(step.ms, false);
      if (step.next !== "idle") continue;
      if ((await pause(step.ms, true)) === "snapshot") await pause(jitterMs * parts.place, false);
    }
  }

  scrapeNow();
  const pushing = pushLoop();

  return {
    configure(config) {
      jitterMs = Math.min(config.jitterMs, everyMs);
      const { min, max } = LIMITS.everyMs;
      const wanted = Math.min(max, Math.max(min, Math.round(config.intervalMs)));
      if (parts.intervalIsFixed || wanted === everyMs || stopping) return;
      everyMs = wanted;
      parts.onInterval(everyMs);
      scheduleScrape();
    },
    async stop(graceMs) {
      stopping = true;
      cancelScrape();
      const cancelGrace = timers.after(graceMs, () => aborter.abort());
      wake("stop");
      await pushing;
      while (!aborter.signal.aborted) {
        const step = await parts.push(aborter.signal);
        if (step.next !== "now") break;
      }
      cancelGrace();
    },
  };
}

/**
 * Milliseconds to the next scrape. Scrapes lie on multiples of the interval in uptime, so that no delay of
 * one adds to the next and nothing drifts; a point less than half an interval away is passed over, so a timer
 * that fires early does not scrape twice.
 */
export function delayToNext(uptimeMs: number, everyMs: number): number {
  return (Math.floor(uptimeMs / everyMs + 0.5) + 1) * everyMs - uptimeMs;
}

/** A host's fixed place in [0, 1): the first 32 bits of its random id. */
export function placeOf(hostId: string): number {
  return Number.parseInt(hostId.slice(0, 8), 16) / 2 ** 32;
}
