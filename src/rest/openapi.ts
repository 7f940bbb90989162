import { z } from "zod";
import { FORMATS } from "./formats.ts";
import type { Route } from "./route.ts";

type Json = Record<string, unknown>;

const problem = z
  .strictObject({
    type: z.literal("about:blank"),
    title: z.string(),
    status: z.int(),
    code: z.string().describe("What kind of fault it is, for programs."),
    detail: z.string().describe("The value at fault and the remedy, for people."),
  })
  .meta({ id: "Problem" });

/**
 * The OpenAPI 3.1 document of routes, whose schemas are JSON Schema 2020-12 as zod prints them.
 *
 * @param version the service's own
 */
export function openApiOf(routes: readonly Route[], version: string): Json {
  const schemas: Json = {};
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const url = `/v1${route.url}`;
    paths[url] ??= {};
    Object.assign(paths[url], { [route.method]: operationOf(route, schemas) });
  }
  keepDefinitions(schemas, z.toJSONSchema(problem, { reused: "inline" }), "Problem");
  return {
    openapi: "3.1.1",
    info: {
      title: "Spillway",
      version,
      description:
        "Which hosts, containers and listeners drop connections, what share of the handshakes, why, and what to " +
        "change. Everything here is answered as GraphQL answers it at /graphql.",
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        token: {
          type: "http",
          scheme: "bearer",
          description: "A token with the scope that the operation names.",
        },
      },
    },
  };
}

function operationOf(route: Route, schemas: Json): Json {
  const { operationId, tag, summary, description, scope, status = 200 } = route;
  const body = schemaOf(route.body, schemas, "input");
  return {
    operationId,
    tags: [tag],
    summary,
    description: [description, `Needs the scope \`${scope}\`.`]
      .filter((text) => text !== undefined)
      .join(" "),
    parameters: [
      ...parametersOf("path", schemaOf(route.path, schemas, "input")),
      ...parametersOf("query", schemaOf(route.query, schemas, "input")),
      ...(route.rows === undefined ? [] : [formatParameter()]),
    ],
    ...(body.not === undefined
      ? { requestBody: { required: true, content: { "application/json": { schema: body } } } }
      : {}),
    responses: {
      [status]: { description: summary, content: contentOf(route, schemas) },
      default: {
        description: "A fault (RFC 9457).",
        content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
      },
    },
  };
}

function contentOf(route: Route, schemas: Json): Json {
  const json = { "application/json": { schema: schemaOf(route.answer, schemas, "output") } };
  if (route.rows === undefined) return json;
  return {
    ...json,
    "application/x-ndjson": { schema: { type: "string", description: "A row of the answer a line." } },
    "text/csv": { schema: { type: "string", description: "The answer as a table, with a header." } },
  };
}

function formatParameter(): Json {
  return {
    name: "format",
    in: "query",
    required: false,
    description:
      "The answer's form; by default what the Accept header asks for. `rows` is a flat JSON list: of a course over " +
      "time one object {time, value, labels} for each step of each series.",
    schema: { type: "string", enum: FORMATS, default: "json" },
  };
}

function parametersOf(where: "path" | "query", schema: Json): Json[] {
  const required = (schema.required ?? []) as string[];
  return Object.entries((schema.properties ?? {}) as Record<string, Json>).map(
    ([name, { description, ...of }]) => ({
      name,
      in: where,
      required: where === "path" || required.includes(name),
      ...(description === undefined ? {} : { description }),
      schema: of,
    }),
  );
}

/** A schema as JSON Schema; what has an id of its own goes to the components. */
function schemaOf(schema: z.ZodType, schemas: Json, io: "input" | "output"): Json {
  if (schema instanceof z.ZodUndefined) return { not: {} };
  return keepDefinitions(schemas, z.toJSONSchema(schema, { io, reused: "inline" }));
}

/** Moves the definitions of a printed schema to the components, and has it point there. */
function keepDefinitions(schemas: Json, { $schema: _, $defs, id, ...schema }: Json, ownId = id): Json {
  const moved = (part: Json): Json =>
    JSON.parse(JSON.stringify(part).replaceAll('"#/$defs/', '"#/components/schemas/')) as Json;
  for (const [name, { id: _id, ...part }] of Object.entries(($defs ?? {}) as Record<string, Json>)) {
    schemas[name] = moved(part);
  }
  if (typeof ownId !== "string") return moved(schema);
  schemas[ownId] = moved(schema);
  return { $ref: `#/components/schemas/${ownId}` };
}
