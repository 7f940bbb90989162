import { builder } from "./builder.ts";
import { encodeCursor, PageInfo, type PageInfoShape } from "./page-info.ts";

interface EdgeShape<T> {
  readonly node: T;
  readonly cursor: string;
}

/** A page of a list, by the Relay specification of cursor connections. */
export interface ConnectionShape<T> {
  readonly edges: readonly EdgeShape<T>[];
  readonly pageInfo: PageInfoShape;
}

/** What a page is made of: one row more than was asked for tells whether there is another page. */
export interface PageRows<T> {
  /** In the order of the list, up to `first` + 1 of them. */
  readonly rows: readonly T[];
  readonly first: number;
  /** Whether the page comes after a cursor. */
  readonly hasPrevious: boolean;
  /** What the list is ordered by, in full: what `after` gives back to find the place again. */
  readonly keyOf: (row: T) => readonly unknown[];
}

/** The page of up to `first` of these rows. */
export function pageOf<T>({ rows, first, hasPrevious, keyOf }: PageRows<T>): ConnectionShape<T> {
  const edges = rows.slice(0, first).map((node) => ({ node, cursor: encodeCursor(keyOf(node)) }));
  return {
    edges,
    pageInfo: {
      hasNextPage: rows.length > first,
      hasPreviousPage: hasPrevious,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  };
}

/** An object type of `builder` that stands for T. */
type ObjectType<T> = ReturnType<ReturnType<typeof builder.objectRef<T>>["implement"]>;

/** The types `<name>Connection` and `<name>Edge`. */
export function connectionType<T>(name: string, node: ObjectType<T>, what: string) {
  const Edge = builder.objectRef<EdgeShape<T>>(`${name}Edge`).implement({
    description: `One of ${what}, with its place in the list.`,
    fields: (t) => ({
      // Pothos works out what a resolver may give from T, which is open here: that it is T it cannot see.
      node: t.field({ type: node, resolve: (edge) => edge.node as never }),
      cursor: t.exposeString("cursor"),
    }),
  });
  return builder.objectRef<ConnectionShape<T>>(`${name}Connection`).implement({
    description: `A page of ${what}, by the Relay specification.`,
    fields: (t) => ({
      edges: t.field({ type: [Edge], resolve: ({ edges }) => [...edges] }),
      pageInfo: t.field({ type: PageInfo, resolve: ({ pageInfo }) => pageInfo }),
    }),
  });
}
