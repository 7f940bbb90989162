import { type ReactNode, useEffect, useState } from "react";
import type { Data } from "../client/use-data.ts";
import { plural } from "../format/numbers.ts";
import { Card } from "./card.tsx";
import { Pager } from "./pager.tsx";
import { Loaded, Skeleton } from "./states.tsx";

/** A connection of the API, of which one page is there. */
export interface Connection<Row> {
  readonly totalCount: number;
  readonly edges: readonly { readonly node: Row }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

export interface Pages {
  /** Cursor of the page that is shown: what comes after it; null for the first. */
  readonly after: string | null;
  readonly back: (() => void) | null;
  readonly next: (cursor: string) => void;
}

/** Which page of a list is shown. @param question whatever the list depends on: another one begins at its first page */
export function usePages(question: unknown): Pages {
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const asked = JSON.stringify(question);
  // biome-ignore lint/correctness/useExhaustiveDependencies: cursors belong to the question that they answered
  useEffect(() => setCursors([]), [asked]);
  return {
    after: cursors.at(-1) ?? null,
    back: cursors.length === 0 ? null : () => setCursors(cursors.slice(0, -1)),
    next: (cursor) => setCursors([...cursors, cursor]),
  };
}

export interface PagedCardProps<T, Row> {
  readonly data: Data<T>;
  readonly pages: Pages;
  readonly connection: (answer: T) => Connection<Row>;
  /** What a row is, in a word. */
  readonly noun: string;
  /** Shown when the list has nothing in it. */
  readonly empty: ReactNode;
  readonly children: (rows: readonly Row[]) => ReactNode;
}

/** A list that comes a page at a time. */
export function PagedCard<T, Row>(props: PagedCardProps<T, Row>) {
  const { data, pages, connection, noun, empty, children } = props;
  return (
    <Card flush className="paged">
      <Loaded data={data} skeleton={<Skeleton lines={12} />}>
        {(answer) => {
          const { totalCount, edges, pageInfo } = connection(answer);
          if (totalCount === 0) return empty;
          const { hasNextPage, endCursor } = pageInfo;
          return (
            <>
              {children(edges.map(({ node }) => node))}
              <Pager
                text={plural(totalCount, noun)}
                back={pages.back}
                next={hasNextPage && endCursor !== null ? () => pages.next(endCursor) : null}
              />
            </>
          );
        }}
      </Loaded>
    </Card>
  );
}
