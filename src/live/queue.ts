import { SpillwayError } from "../errors.ts";

/** Messages that wait for a subscriber at most; each is a few values, and there is one each few seconds. */
const WAITING_MAX = 100;

/**
 * What one subscriber has still to be told. It ends when the subscriber returns, when it is failed, and by
 * itself when too much waits: nobody's slowness is paid for with memory.
 */
export class SubscriberQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #onEnd: () => void;
  #waiting: T[] = [];
  #asked: ((result: Promise<IteratorResult<T, undefined>>) => void)[] = [];
  #end: { readonly error: unknown } | "returned" | null = null;

  /** @param onEnd called once, however it ends */
  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  push(value: T): void {
    if (this.#end !== null) return;
    const asked = this.#asked.shift();
    if (asked !== undefined) asked(Promise.resolve({ done: false, value }));
    else if (this.#waiting.push(value) > WAITING_MAX) {
      this.#waiting = [];
      this.fail(
        new SpillwayError(
          "OVERLOADED",
          `the subscription has ended: ${WAITING_MAX} messages waited to be read; read faster, or ask for less`,
        ),
      );
    }
  }

  /** What waits is still told, then the error. */
  fail(error: unknown): void {
    this.#finish({ error });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return Promise.resolve({ done: false, value: waiting });
    const end = this.#end;
    if (end === null) return new Promise((resolve) => this.#asked.push(resolve));
    this.#end = "returned";
    return end === "returned" ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(end.error);
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#waiting = [];
    this.#finish("returned");
    this.#end = "returned";
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #finish(end: { readonly error: unknown } | "returned"): void {
    if (this.#end !== null) return;
    this.#end = end;
    for (const asked of this.#asked.splice(0)) asked(this.next());
    this.#onEnd();
  }
}
