import { SpillwayError } from "../errors.ts";
import type { Logger } from "../telemetry/log.ts";
import { SubscriberQueue } from "./queue.ts";

/** A look that no event has asked for comes so long after the last: it mends what was not heard. */
const POLL_MS = 5_000;

/** A standing question. One look at a time. */
export interface FeedSource<T> {
  /** Between the beginnings of two looks, in ms, however many events come. */
  readonly gapMs: number;
  /** What is new since the last look; null when nothing is. @throws what `lasts` tells of */
  look(): Promise<T | null>;
  /** What who joins is told first; null before there is anything to tell. */
  current(): T | null;
}

export interface FeedOptions {
  readonly log: Logger;
  /** Runs a look when it is its turn. */
  readonly look: <R>(work: () => Promise<R>) => Promise<R>;
  /** Called once, when nobody is left. */
  readonly onEnd: () => void;
}

/** One standing question and those who wait for its answers: each look is told to all of them. */
export class Feed<T> {
  readonly #source: FeedSource<T>;
  readonly #options: FeedOptions;
  readonly #subscribers = new Set<SubscriberQueue<T>>();
  #timer: NodeJS.Timeout | null = null;
  #dueAt = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking = false;
  #woken = false;
  #ended = false;

  constructor(source: FeedSource<T>, options: FeedOptions) {
    this.#source = source;
    this.#options = options;
  }

  join(): AsyncIterableIterator<T, undefined> {
    const queue: SubscriberQueue<T> = new SubscriberQueue(() => {
      this.#subscribers.delete(queue);
      if (this.#subscribers.size === 0) this.#end();
    });
    this.#subscribers.add(queue);
    const current = this.#source.current();
    if (current !== null) queue.push(current);
    if (this.#subscribers.size === 1) this.wake();
    return queue;
  }

  /** There may be something new: it is looked for as soon as the gap allows. */
  wake(): void {
    if (this.#looking) this.#woken = true;
    else this.#lookAt(this.#lookedAt + this.#source.gapMs);
  }

  /** Ends it for everybody. */
  close(): void {
    for (const queue of [...this.#subscribers]) void queue.return();
    this.#end();
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#options.onEnd();
  }

  #lookAt(time: number): void {
    if (this.#ended || (this.#timer !== null && this.#dueAt <= time)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#dueAt = time;
    this.#timer = setTimeout(() => void this.#look(), Math.max(0, time - performance.now()));
  }

  async #look(): Promise<void> {
    this.#timer = null;
    this.#looking = true;
    this.#woken = false;
    try {
      const news = await this.#options.look(() => {
        this.#lookedAt = performance.now();
        return this.#source.look();
      });
      if (news !== null) for (const queue of [...this.#subscribers]) queue.push(news);
    } catch (error) {
      if (lasts(error)) for (const queue of [...this.#subscribers]) queue.fail(error);
      else this.#options.log.warn({ err: error }, "a subscription could not be answered; it is tried again");
    } finally {
      this.#looking = false;
      this.#lookAt(this.#lookedAt + (this.#woken ? this.#source.gapMs : POLL_MS));
    }
  }
}

/** Whether the same look would fail again: a fault of the question, and not of the moment. */
function lasts(error: unknown): boolean {
  if (!(error instanceof SpillwayError)) return false;
  return error.code !== "UNAVAILABLE" && error.code !== "OVERLOADED" && error.code !== "INTERNAL";
}
