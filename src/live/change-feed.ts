import type { FeedSource } from "./feed.ts";

/** Something that grows a revision with each change. */
export interface Revised {
  readonly id: number;
  readonly revision: number;
}

/** Revisions that are remembered: of more, those that were told longest ago are told again when they change. */
const REMEMBERED = 20_000;

/**
 * What may have changed since the last time, each as it is now; more of it does no harm. Given the revisions that
 * are known by id.
 */
type Read<T> = (told: ReadonlyMap<number, number>) => Promise<readonly T[]>;

/** What has changed of a list from look to look, by its revisions. */
export class ChangeFeed<T extends Revised> implements FeedSource<readonly T[]> {
  readonly gapMs = 500;
  readonly #read: Read<T>;
  readonly #told = new Map<number, number>();

  private constructor(read: Read<T>) {
    this.#read = read;
  }

  /** A feed of what changes from now on. @throws what `read` throws */
  static async begin<T extends Revised>(read: Read<T>): Promise<ChangeFeed<T>> {
    const feed = new ChangeFeed(read);
    await feed.look();
    return feed;
  }

  async look(): Promise<readonly T[] | null> {
    const news = (await this.#read(this.#told)).filter(({ id, revision }) => {
      const known = this.#told.get(id);
      return known === undefined || known < revision;
    });
    for (const { id, revision } of news) {
      // The newest last, so that those of long ago are forgotten first.
      this.#told.delete(id);
      this.#told.set(id, revision);
    }
    for (const id of this.#told.keys()) {
      if (this.#told.size <= REMEMBERED) break;
      this.#told.delete(id);
    }
    return news.length === 0 ? null : news;
  }

  current(): null {
    return null;
  }
}

/** The things of lists that come one after the other, each by itself. */
export function each<T>(lists: AsyncIterableIterator<readonly T[]>): AsyncIterableIterator<T> {
  let waiting: readonly T[] = [];
  return {
    async next() {
      for (;;) {
        const [first, ...rest] = waiting;
        if (first !== undefined) {
          waiting = rest;
          return { done: false, value: first };
        }
        const list = await lists.next();
        if (list.done === true) return { done: true, value: undefined };
        waiting = list.value;
      }
    },
    async return() {
      waiting = [];
      await lists.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
