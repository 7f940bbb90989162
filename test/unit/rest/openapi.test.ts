import { Validator } from "@seriousme/openapi-schema-validator";
import { validate } from "graphql";
import { expect, test } from "vitest";
import { schema } from "../../../src/graphql/schema.ts";
import { openApiOf } from "../../../src/rest/openapi.ts";
import { ROUTES } from "../../../src/rest/routes.ts";

test("the OpenAPI document is one, by its own schema", async () => {
  expect(await new Validator().validate(openApiOf(ROUTES, "1.2.3"))).toEqual({ valid: true });
});

test("every reference in it has its target", () => {
  const text = JSON.stringify(openApiOf(ROUTES, "1.2.3"));
  const { components } = JSON.parse(text) as { components: { schemas: object } };
  const names = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, target]) => target);
  expect(names.length).toBeGreaterThan(ROUTES.length);
  expect(new Set(names)).toEqual(
    new Set(Object.keys(components.schemas).map((name) => `#/components/schemas/${name}`)),
  );
});

test("routes have names and places of their own, and ask what the schema has", () => {
  expect(new Set(ROUTES.map(({ operationId }) => operationId)).size).toBe(ROUTES.length);
  expect(new Set(ROUTES.map(({ method, url }) => `${method} ${url}`)).size).toBe(ROUTES.length);
  for (const { operationId, document } of ROUTES) expect(validate(schema, document), operationId).toEqual([]);
});
