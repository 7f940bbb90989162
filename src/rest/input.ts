import { z } from "zod";
import { SpillwayError } from "../errors.ts";

interface Property {
  readonly type?: string;
}

/**
 * A reader of what the parameters of a URL stand for, by the types that the schema names: a URL has texts alone, and
 * a list of one looks like none. Made once for a route: printing a schema costs more than a request.
 */
export function paramReader(
  schema: z.ZodObject<z.ZodRawShape>,
): (raw: Readonly<Record<string, unknown>>) => Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(schema, { io: "input" });
  const types = new Map(Object.entries(properties).map(([name, of]) => [name, (of as Property).type]));
  return (raw) =>
    Object.fromEntries(
      Object.entries(raw).map(([name, value]) => [name, typedValue(types.get(name), value)]),
    );
}

function typedValue(type: string | undefined, value: unknown): unknown {
  if (type === "array") return Array.isArray(value) ? value : [value];
  if (typeof value !== "string") return value;
  if ((type === "integer" || type === "number") && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (type === "boolean" && /^(true|false)$/.test(value)) return value === "true";
  return value;
}

/**
 * A part of a request, as its schema reads it.
 *
 * @throws BAD_REQUEST that names each value at fault
 */
export function readPart<T extends z.ZodType>(part: string, schema: T, value: unknown): z.output<T> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const faults = read.error.issues.map(({ path, message }) => {
    const name = path.map(String).join(".");
    return `${name === "" ? part : name}: ${message}`;
  });
  throw new SpillwayError("BAD_REQUEST", faults.join("; "));
}
