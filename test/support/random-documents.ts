/** Documents made of a schema at random: most are valid, some are nearly so. */
import fc from "fast-check";
import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
} from "graphql";

/** Draws numbers from 0 to 1: fast-check's, so that a document is shrunk and can be made again. */
type Draw = () => number;

export function randomDocument(schema: GraphQLSchema): fc.Arbitrary<string> {
  const query = schema.getQueryType();
  if (query == null) throw new Error("the schema has no queries");
  return fc
    .array(fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), { minLength: 40, maxLength: 400 })
    .map((draws) => {
      let next = 0;
      const draw = () => draws[next++ % draws.length] ?? 0;
      const text = selectionOf(query, draw, 5);
      return draw() < 0.1 ? mutilated(text, draw) : text;
    });
}

function selectionOf(type: GraphQLNamedType, draw: Draw, depth: number): string {
  if (!isObjectType(type)) return "{ __typename }";
  const fields = Object.values(type.getFields()).filter(
    (field) => depth > 1 || !isObjectType(getNamedType(field.type)),
  );
  if (fields.length === 0) return "{ __typename }";
  const chosen = Array.from({ length: 1 + Math.floor(draw() * 4) }, () => pick(fields, draw));
  return `{ ${chosen.map((field, index) => `f${index}: ${fieldOf(field, draw, depth)}`).join(" ")} }`;
}

function fieldOf(field: GraphQLField<unknown, unknown>, draw: Draw, depth: number): string {
  const args = field.args.filter((arg) => isNonNullType(arg.type) || draw() < 0.4);
  const given = args.map((arg) => `${arg.name}: ${givenTo(arg, draw)}`);
  const type = getNamedType(field.type);
  const below = "getFields" in type || "getTypes" in type ? ` ${selectionOf(type, draw, depth - 1)}` : "";
  return `${field.name}${given.length === 0 ? "" : `(${given.join(", ")})`}${below}`;
}

function givenTo(arg: GraphQLArgument, draw: Draw): string {
  if (arg.name === "counter" || arg.name === "name") {
    return pick(['"ListenDrops"', '"TcpCurrEstab"', '"nothing"', '""'], draw);
  }
  return inputOf(arg.type, draw, 4);
}

function inputOf(type: GraphQLInputType, draw: Draw, depth: number): string {
  if (isNonNullType(type)) return inputOf(type.ofType, draw, depth);
  if (draw() < 0.05) return "null";
  if (isListType(type)) {
    return `[${Array.from({ length: Math.floor(draw() * 3) }, () => inputOf(type.ofType, draw, depth - 1)).join(", ")}]`;
  }
  if (isEnumType(type)) return pick(type.getValues(), draw).name;
  if (isInputObjectType(type)) {
    const fields = Object.values(type.getFields()).filter(
      (field) => isNonNullType(field.type) || (depth > 0 && draw() < 0.4),
    );
    return `{${fields.map((field) => `${field.name}: ${inputOf(field.type, draw, depth - 1)}`).join(", ")}}`;
  }
  return pick(SCALARS[type.name] ?? ["0"], draw);
}

const SCALARS: Readonly<Record<string, readonly string[]>> = {
  String: ['""', '"a"', '"web.*"', '"("', '"\\\\u0000"', '"host_1"', `"${"x".repeat(300)}"`],
  ID: ['"1"', '"ns_1"', '"host_00000000-0000-0000-0000-000000000000"', '"incident_1"', "7"],
  Int: ["0", "1", "50", "-1", "501", "2147483647"],
  Float: ["0", "0.5", "-1.5", "1e300"],
  Boolean: ["true", "false"],
  Duration: ['"1m"', '"1h"', '"7d"', '"0s"', '"1ms"', '"999999999w"', '"x"'],
  DateTime: ['"2026-11-22T12:00:00Z"', '"1970-01-01T00:00:00Z"', '"9999-12-31T23:59:59Z"', '"now"'],
  Labels: ["{}", '{role: "web"}', "{role: 1}", "[]"],
  UInt64: ['"0"', '"18446744073709551615"', '"-1"', "1"],
};

/** The text with a piece left out, said twice or exchanged. */
function mutilated(text: string, draw: Draw): string {
  const at = Math.floor(draw() * text.length);
  const to = Math.min(text.length, at + 1 + Math.floor(draw() * 10));
  return pick(
    [
      text.slice(0, at) + text.slice(to),
      text.slice(0, to) + text.slice(at),
      `${text.slice(0, at)}$\\u0000}"${text.slice(to)}`,
    ],
    draw,
  );
}

function pick<T>(list: readonly T[], draw: Draw): T {
  const one = list[Math.floor(draw() * list.length)];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
}
