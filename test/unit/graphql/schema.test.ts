import { readFileSync } from "node:fs";
import { buildSchema, findBreakingChanges, isObjectType, printSchema } from "graphql";
import { expect, test } from "vitest";
import { schema } from "../../../src/graphql/schema.ts";

test("the printed schema is the committed one; `npm run schema:print` prints it anew", () => {
  const committed = readFileSync(new URL("../../../src/graphql/schema.graphql", import.meta.url), "utf8");
  expect(`${printSchema(schema)}\n`).toBe(committed);
});

test("nothing breaks a client of the last release; `npm run schema:print -- --release` makes a release of the schema", () => {
  const released = readFileSync(new URL("../../../src/graphql/released.graphql", import.meta.url), "utf8");
  expect(findBreakingChanges(buildSchema(released), schema)).toEqual([]);
});

test("every type is described, and every field that may be null says when it is", () => {
  const silent: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith("__") || ["Int", "Float", "String", "Boolean", "ID"].includes(type.name))
      continue;
    if (!type.description) silent.push(type.name);
    if (!isObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const nullable = !String(field.type).endsWith("!");
      const says = /null|empty/i.test(field.description ?? "");
      if (nullable && !says) silent.push(`${type.name}.${field.name}`);
    }
  }
  expect(silent).toEqual([]);
});
