type Answers<T> = AsyncIterableIterator<T>;

interface Open<T> {
  /** What asked for it: the same object for one message of a client. */
  readonly payload: object;
  /** Null until it has begun. */
  answers: Answers<T> | null;
}

/**
 * What is subscribed to over one socket, by the ids that its client gives.
 *
 * graphql-ws keeps this too, and knows operations by their ids alone: of two that came in one burst under one id, the
 * first ended before it had begun, it goes through both and can return but one.
 */
export class OpenSubscriptions<T> {
  readonly #open = new Map<string, Open<T>>();
  #closed = false;

  get size(): number {
    return this.#open.size;
  }

  asked(id: string, payload: object): void {
    void this.#open.get(id)?.answers?.return?.();
    this.#open.set(id, { payload, answers: null });
  }

  /**
   * The answers that are to be gone through for what was asked: none, and no end of them, where its id was taken again
   * meanwhile. What is returned in their stead is what has the id now.
   */
  began(id: string, payload: object, answers: Answers<T>): Answers<T> {
    const open = this.#open.get(id);
    if (open?.payload === payload && !this.#closed) {
      open.answers = answers;
      return answers;
    }
    void answers.return?.();
    return {
      next: () => new Promise(() => undefined),
      return: async () => {
        await this.#open.get(id)?.answers?.return?.();
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  ended(id: string, payload: object): void {
    if (this.#open.get(id)?.payload === payload) this.#open.delete(id);
  }

  /** Ends all of them, and what begins later. */
  close(): void {
    this.#closed = true;
    for (const { answers } of this.#open.values()) void answers?.return?.();
    this.#open.clear();
  }
}
