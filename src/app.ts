import { SpillwayError } from "./errors.ts";

/** A part of the service that runs: what it gives to the parts after it, and how it ends. */
export interface Running<T> {
  readonly value: T;
  /** Ends it; may be left out by a part that needs no end. Told how long it has. */
  readonly stop?: (graceMs: number) => Promise<void> | void;
}

interface LifecycleLog {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** How long a part has to stop, and all of them together, in ms: less than the 10 s that supervisors grant. */
const PART_STOP_MS = 4_000;
const TOTAL_STOP_MS = 8_500;
/** What is left for a part when those before it have taken all the time. */
const LEAST_STOP_MS = 100;

/**
 * Starts parts in order and stops them in reverse: each once, each within a bound.
 *
 * A start that fails stops what has started before it. A stop that comes during a start waits for that one
 * part, as long as for the stop of one, and lets no other begin.
 */
export class Lifecycle {
  readonly #log: LifecycleLog;
  readonly #started: { readonly name: string; readonly stop: NonNullable<Running<unknown>["stop"]> }[] = [];
  #starting: Promise<unknown> = Promise.resolve();
  #stopped: Promise<void> | null = null;

  constructor(log: LifecycleLog) {
    this.#log = log;
  }

  get stopping(): boolean {
    return this.#stopped !== null;
  }

  /** @throws what the start throws, after all that had started is stopped */
  async start<T>(name: string, begin: () => Promise<Running<T>> | Running<T>): Promise<T> {
    if (this.stopping)
      throw new SpillwayError("UNAVAILABLE", `${name} is not started: the service is stopping`);
    const began = performance.now();
    const starting = (async () => begin())();
    this.#starting = starting.catch(() => undefined);
    try {
      const { value, stop } = await starting;
      if (stop !== undefined) this.#started.push({ name, stop });
      this.#log.info({ part: name, ms: Math.round(performance.now() - began) }, `started ${name}`);
      return value;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Stops everything, in reverse order. Never rejects; called twice, it is one stop. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    const deadline = performance.now() + TOTAL_STOP_MS;
    try {
      await within(PART_STOP_MS, async () => void (await this.#starting));
    } catch (error) {
      this.#log.error({ err: error }, "a part is still starting; it is not waited for");
    }
    for (const { name, stop } of this.#started.reverse()) {
      const began = performance.now();
      try {
        const graceMs = Math.max(LEAST_STOP_MS, Math.min(PART_STOP_MS, deadline - began));
        await within(graceMs, async () => stop(graceMs));
        this.#log.info({ part: name, ms: Math.round(performance.now() - began) }, `stopped ${name}`);
      } catch (error) {
        this.#log.error({ err: error, part: name }, `cannot stop ${name} cleanly`);
      }
    }
  }
}

/**
 * The first signal stops in order and then exits; the second does not wait.
 *
 * @returns whether a signal has come
 */
export function stopOnSignals(life: Lifecycle, log: LifecycleLog): () => boolean {
  let asked = false;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => {
      if (asked) process.exit(130);
      asked = true;
      log.info({ signal }, "stopping; a second signal stops at once");
      void life.stop().then(() => process.exit());
    });
  }
  return () => asked;
}

async function within(ms: number, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
