import { SpillwayError } from "../errors.ts";
import { Gate } from "../store/gate.ts";
import type { Logger } from "../telemetry/log.ts";
import type { LiveBus } from "./bus.ts";
import type { LiveKind } from "./events.ts";
import { Feed, type FeedSource } from "./feed.ts";

/** Distinct questions that one process keeps answered. */
const FEEDS_MAX = 500;
/** Looks at a time: they share the database with whoever asks once. */
const LOOKS = 3;

export interface FeedsDeps {
  readonly bus: Pick<LiveBus, "on">;
  /** The events after which there may be something new. */
  readonly kind: LiveKind;
  readonly log: Logger;
  /** Called for each look. */
  readonly onLook: () => void;
}

/**
 * Standing questions, each answered once however many ask it: fifty dashboards that show the same trend cost what
 * one does.
 */
export class SharedFeeds<T> {
  readonly #deps: FeedsDeps;
  readonly #feeds = new Map<string, Feed<T>>();
  readonly #gate = new Gate(LOOKS);
  readonly #forget: () => void;

  constructor(deps: FeedsDeps) {
    this.#deps = deps;
    this.#forget = deps.bus.on(deps.kind, () => {
      for (const feed of this.#feeds.values()) feed.wake();
    });
  }

  /**
   * Joins the feed of a question, which is made by the first and ends with the last who leaves it.
   *
   * @param key the same for the same question, and for no other
   * @throws OVERLOADED when the process answers too many questions already
   */
  join(key: string, make: () => FeedSource<T>): AsyncIterableIterator<T, undefined> {
    let feed = this.#feeds.get(key);
    if (feed === undefined) {
      if (this.#feeds.size >= FEEDS_MAX) {
        throw new SpillwayError(
          "OVERLOADED",
          `${FEEDS_MAX} different subscriptions are open: subscribe to what others show, or poll instead`,
        );
      }
      const { log, onLook } = this.#deps;
      feed = new Feed(make(), {
        log,
        look: (work) =>
          this.#gate.run(() => {
            onLook();
            return work();
          }),
        onEnd: () => this.#feeds.delete(key),
      });
      this.#feeds.set(key, feed);
    }
    return feed.join();
  }

  close(): void {
    this.#forget();
    for (const feed of [...this.#feeds.values()]) feed.close();
  }
}
