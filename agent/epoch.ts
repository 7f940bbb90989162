import type { WireEpoch } from "../src/protocol/message.ts";
import { correct, MEASUREMENTS, measureAnchor, type Timekeeping, timeAt } from "./clock.ts";
import type { HostFacts } from "./host-facts.ts";
import type { Log, SeldomLog } from "./log.ts";
import { withReserve } from "./spool/reserve.ts";
import { readState, writeState } from "./state-folder.ts";

/** Stamps snapshots, and learns the service's time from its answers. */
export interface Timekeeper {
  /** Epoch and agent time (ms since 1970) of a scrape at this uptime (ms). */
  stamp(uptimeMs: number): { readonly epoch: WireEpoch; readonly at: number };
  /**
   * Takes in the service's clock (ms since 1970), read between sending and receiving (ms of uptime).
   *
   * @param isBehind the answer has a snapshot from the service's future: its clock is not what it was when the
   * measurements before were made, and those hold no longer.
   */
  learn(serviceTimeMs: number, sentUptimeMs: number, receivedUptimeMs: number, isBehind?: boolean): void;
}

interface SavedEpoch extends Timekeeping {
  readonly boot: string;
  /** Uptime when this was saved; a later start of the agent in the same boot cannot have less. */
  readonly savedUptimeMs: number;
  /** When process 1 started, as the kernel tells it; absent where the uptime is the kernel's, or that is not seen. */
  readonly initStartMs?: number;
}

export const EPOCH_NAME = "epoch.json";
/** Below the million that the service takes, with room for counting up. */
const CHANCE_NUMBERS = 900_000;

/**
 * Begins or continues the agent's timekeeping. The anchor is kept in the state folder and always saved before
 * it is used, so an agent that restarts within a boot, even after a kill, goes on in the same epoch with the
 * same anchor, and its rates cross the restart. `at` depends on uptime alone: no last one needs saving.
 *
 * Epoch 0 says "the first of this boot", from which the service may book what was counted since the start of
 * the kernel, so it must never be used twice. Where that cannot be known (the file is lost or cannot be
 * written) the number is drawn by chance: above 0, and never the same twice in practice. So is that of an anchor
 * that moves and cannot be saved: a restart would go back behind it, but in the epoch that was saved. It is saved
 * as soon as it can be.
 *
 * A container may be shown an uptime of its own (lxcfs), which begins anew with its process 1 while the boot id
 * stays the host's. The kernel's start times do not go with it: where process 1 started at another time, the saved
 * anchor is of another uptime, and a new epoch begins.
 *
 * @param identityIsNew there was no earlier agent of this identity, so a missing file is not a lost one.
 * @param wallClock own clock in ms since 1970; used only until the first answer.
 */
export function openTimekeeper(options: {
  readonly folder: string;
  readonly identityIsNew: boolean;
  readonly facts: HostFacts;
  readonly uptimeMs: number;
  /** Start of process 1 by its stat, where the uptime begins with it; null where it does not, or that is not seen. */
  readonly initStartMs: number | null;
  readonly wallClock: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly seldom: SeldomLog;
}): Timekeeper {
  const { folder, facts, initStartMs, log, seldom } = options;
  const measured: number[] = [];
  let lastUptimeMs = options.uptimeMs;
  /** The file has what is used. */
  let isSaved = true;
  let keeping = begin();
  let epoch = epochOf(keeping);

  function begin(): Timekeeping {
    const saved = readSaved(folder, log);
    const fresh = { anchorMs: Math.round(options.wallClock() - options.uptimeMs) };
    if (saved?.boot === facts.boot) {
      if (saved.savedUptimeMs < Math.floor(options.uptimeMs) && !hasOtherInit(saved)) {
        // Of an agent that did not save it.
        if (saved.initStartMs === undefined && initStartMs !== null) save(saved);
        return saved;
      }
      return settled({ ...fresh, number: saved.number + 1 });
    }
    const isLost = saved === null && !options.identityIsNew;
    return settled({ ...fresh, number: isLost ? numberByChance() : 0 });
  }

  /** Not told where either start is unknown. */
  function hasOtherInit(saved: SavedEpoch): boolean {
    return saved.initStartMs !== undefined && initStartMs !== null && saved.initStartMs !== initStartMs;
  }

  /** What is used from now on: what is given, or its anchor alone where that could not be saved. */
  function settled(next: Timekeeping): Timekeeping {
    save(next);
    return isSaved ? next : { number: numberByChance(), anchorMs: next.slowing?.goalMs ?? next.anchorMs };
  }

  function numberByChance(): number {
    return 1 + Math.floor(options.random() * CHANCE_NUMBERS);
  }

  function save(next: Timekeeping): void {
    const saved: SavedEpoch = {
      ...next,
      boot: facts.boot,
      savedUptimeMs: Math.floor(lastUptimeMs),
      ...(initStartMs === null ? {} : { initStartMs }),
    };
    try {
      withReserve(folder, () => writeState(folder, EPOCH_NAME, `${JSON.stringify(saved)}\n`));
      isSaved = true;
    } catch (error) {
      isSaved = false;
      const why = error instanceof Error ? error.message : String(error);
      seldom.say("epoch", log.warn, `cannot save ${EPOCH_NAME} in ${folder}: ${why}`);
    }
  }

  function epochOf({ number }: Timekeeping): WireEpoch {
    return {
      boot: facts.boot,
      number,
      kernel: facts.kernel,
      arch: facts.arch,
      wordSize: facts.wordSize,
    };
  }

  return {
    stamp(uptimeMs) {
      lastUptimeMs = uptimeMs;
      return { epoch, at: timeAt(keeping, uptimeMs) };
    },
    learn(serviceTimeMs, sentUptimeMs, receivedUptimeMs, isBehind = false) {
      lastUptimeMs = Math.max(lastUptimeMs, receivedUptimeMs);
      if (isBehind) measured.length = 0;
      measured.push(measureAnchor(serviceTimeMs, sentUptimeMs, receivedUptimeMs));
      if (measured.length > MEASUREMENTS) measured.shift();
      const moved = correct(keeping, measured, lastUptimeMs);
      if (moved === keeping) {
        if (!isSaved) save(keeping);
        return;
      }
      const next = settled(moved);
      const movedMs = (next.slowing?.goalMs ?? next.anchorMs) - (keeping.slowing?.goalMs ?? keeping.anchorMs);
      log.info(
        `time of the service is ${Math.round(movedMs / 1_000)} s from mine: ${describeMove(keeping, next)}`,
      );
      if (next.number !== keeping.number) epoch = epochOf(next);
      keeping = next;
    },
  };
}

function describeMove(before: Timekeeping, after: Timekeeping): string {
  if (after.number !== before.number) return `epoch ${after.number} of this boot begins`;
  return after.slowing === undefined
    ? "moved forward at once"
    : "running at half speed until it has caught up";
}

/** A damaged file counts as a lost one: unlike the identity it can be made anew without losing history. */
function readSaved(folder: string, log: Log): SavedEpoch | null {
  const text = readState(folder, EPOCH_NAME);
  if (text === null) return null;
  try {
    const { boot, number, anchorMs, savedUptimeMs, initStartMs, slowing } = JSON.parse(text) as Record<
      string,
      unknown
    >;
    if (typeof boot !== "string" || !Number.isSafeInteger(number))
      throw new Error("boot or number is missing");
    const base = {
      boot,
      number: Number(number),
      anchorMs: finite(anchorMs),
      savedUptimeMs: finite(savedUptimeMs),
      ...(initStartMs === undefined ? {} : { initStartMs: finite(initStartMs) }),
    };
    if (slowing === undefined) return base;
    const { sinceMs, goalMs } = slowing as Record<string, unknown>;
    return { ...base, slowing: { sinceMs: finite(sinceMs), goalMs: finite(goalMs) } };
  } catch (error) {
    log.warn(
      `${EPOCH_NAME} in ${folder} is damaged, a new epoch begins: ${error instanceof Error ? error.message : error}`,
    );
    return null;
  }
}

function finite(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Error("a time is missing");
  return value;
}
