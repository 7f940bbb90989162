import DataLoader from "dataloader";

/** Loads a page of a list that many things have, by the thing's id and what is asked of the list. */
export type PagesByParent<A, R> = (id: number, asked: A) => Promise<readonly R[]>;

/**
 * The same page of many things is read in one statement.
 *
 * @param read the page of each of these things that has a row in it, by its id
 */
export function pagesByParent<A, R>(
  read: (ids: readonly number[], asked: A) => Promise<ReadonlyMap<number, readonly R[]>>,
): PagesByParent<A, R> {
  const loaders = new Map<string, DataLoader<number, readonly R[]>>();
  return (id, asked) => {
    const key = JSON.stringify(asked);
    let loader = loaders.get(key);
    if (loader === undefined) {
      loader = new DataLoader(async (ids: readonly number[]) => {
        const found = await read(ids, asked);
        return ids.map((one) => found.get(one) ?? []);
      });
      loaders.set(key, loader);
    }
    return loader.load(id);
  };
}
