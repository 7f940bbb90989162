import type { DocumentNode } from "graphql";
import type { z } from "zod";
import type { Scope } from "../store/tokens.ts";
import type { Row } from "./formats.ts";

/** What a caller may give to a route: each part as the route's schema has read it. */
export interface Given<Path, Query, Body> {
  readonly path: Path;
  readonly query: Query;
  readonly body: Body;
}

type AnyObject = z.ZodObject<z.ZodRawShape>;

/**
 * One route below /v1: a question that is kept in GraphQL, its parameters and its answer in zod.
 *
 * The schemas are both what a request is read by and what the OpenAPI document is printed from.
 */
export interface RouteDefinition<
  Path extends AnyObject,
  Query extends AnyObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
> {
  readonly method: "get" | "post" | "patch" | "delete";
  /** Below /v1, parts in braces as OpenAPI writes them: `/hosts/{id}`. */
  readonly url: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  readonly scope: Scope;
  readonly path: Path;
  readonly query: Query;
  /** z.undefined() where a request has none. */
  readonly body: Body;
  readonly answer: Answer;
  /** Status of a good answer; 200 unless said. */
  readonly status?: 200 | 201;
  /** Answers may be kept, and asked for again by their ETag; otherwise nothing keeps them. */
  readonly revalidate?: boolean;
  readonly document: DocumentNode;
  variables(given: Given<z.output<Path>, z.output<Query>, z.output<Body>>): Record<string, unknown>;
  /** The answer from what GraphQL gave. */
  // The shape is that of the document beside it; `answer` is held against it by the tests of every route.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  shape(data: any, given: Given<z.output<Path>, z.output<Query>, z.output<Body>>): z.input<Answer>;
  /** The answer as a table, for CSV, NDJSON and `rows`; left out where it is none. */
  rows?(answer: z.output<Answer>): Row[];
}

/** A route of any types: what the router and the OpenAPI document see. */
export type Route = RouteDefinition<AnyObject, AnyObject, z.ZodType, z.ZodType>;

/** Checks that the parts of a route fit together, and forgets their types. */
export function route<
  Path extends AnyObject,
  Query extends AnyObject,
  Body extends z.ZodType,
  Answer extends z.ZodType,
>(definition: RouteDefinition<Path, Query, Body, Answer>): Route {
  return definition as unknown as Route;
}
