import SchemaBuilder from "@pothos/core";
import ComplexityPlugin from "@pothos/plugin-complexity";
import { GraphQLError, Kind } from "graphql";
import { type Count, toCount } from "../protocol/count.ts";
import { formatDuration, parseDuration } from "../protocol/duration.ts";
import { COMPLEXITY } from "./complexity.ts";
import type { Context } from "./context.ts";
import "./count-lists.ts";

interface Types {
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    /** ms since 1970 */
    DateTime: { Input: number; Output: number };
    /** ms */
    Duration: { Input: number; Output: number };
    UInt64: { Input: Count; Output: Count };
    Labels: { Input: Record<string, string>; Output: Readonly<Record<string, string>> };
    JSON: { Input: never; Output: unknown };
    ID: { Input: string; Output: string };
  };
}

/** Every type, query and field is defined on this builder, one file a type; schema.ts brings them together. */
export const builder = new SchemaBuilder<Types>({
  plugins: [ComplexityPlugin, "countLists"],
  complexity: COMPLEXITY,
  defaultFieldNullability: false,
});

builder.queryType({
  description: "Everything that can be asked. Needs a token or a session with the scope `read`.",
});

builder.mutationType({
  description: "Everything that can be changed. Each field says which scope it needs.",
});

builder.subscriptionType({
  description:
    "What is told as it happens, over a WebSocket at /graphql by the protocol graphql-transport-ws. Needs the scope `read`.",
});

function fault(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: "BAD_USER_INPUT" } });
}

builder.scalarType("DateTime", {
  description: "RFC 3339, UTC, milliseconds: 2026-11-22T12:00:00.000Z. Any offset is understood.",
  serialize: (at) => new Date(at).toISOString(),
  parseValue: (value) => {
    const form = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i;
    const at = typeof value === "string" && form.test(value) ? Date.parse(value) : Number.NaN;
    if (Number.isNaN(at)) throw fault(`${JSON.stringify(value)} is not a time: write 2026-11-22T12:00:00Z`);
    return at;
  },
});

builder.scalarType("Duration", {
  description: "A span of time: 500ms, 30s, 5m, 2h, 7d, 4w.",
  serialize: (ms) => formatDuration(ms),
  parseValue: (value) => {
    const ms = typeof value === "string" ? parseDuration(value) : null;
    if (ms === null || ms <= 0) {
      throw fault(`${JSON.stringify(value)} is not a span of time: write 500ms, 30s, 5m, 2h, 7d or 4w`);
    }
    return ms;
  },
});

builder.scalarType("UInt64", {
  description:
    "Non-negative integer as a decimal string: exact where a JSON number is not. One counter is at most 2^64-1; a sum may exceed it.",
  serialize: (count) => count.toString(),
  parseValue: (value) => {
    if (typeof value !== "string" || !/^\d{1,60}$/.test(value)) {
      throw fault(`${JSON.stringify(value)} is not a non-negative integer: write its digits as a string`);
    }
    return toCount(BigInt(value));
  },
});

builder.scalarType("Labels", {
  description: "A flat object of strings.",
  serialize: (labels) => ({ ...labels }),
  parseValue: (value) => {
    const entries = typeof value === "object" && value !== null ? Object.entries(value) : null;
    if (entries === null || entries.some(([, text]) => typeof text !== "string")) {
      throw fault('labels are a flat object of strings, as {role: "web"}');
    }
    return Object.fromEntries(entries) as Record<string, string>;
  },
  parseLiteral: (node) => {
    if (node.kind !== Kind.OBJECT) throw fault('labels are a flat object of strings, as {role: "web"}');
    return Object.fromEntries(
      node.fields.map(({ name, value }) => {
        if (value.kind !== Kind.STRING) throw fault(`the label ${name.value} is not a string`);
        return [name.value, value.value];
      }),
    );
  },
});

builder.scalarType("JSON", {
  description: "A JSON object whose form depends on what it tells of. Given only, never taken.",
  serialize: (value) => value,
  parseValue: () => {
    throw fault("JSON is given and not taken");
  },
});
