import { GraphQLError } from "graphql";
import { LIST_ASSUMED, PAGE_MAX } from "./limits.ts";

/** Objects and fields that an answer may have by its document, if every list is as long as is assumed here. */
const ANSWER_MAX = 200_000;
/** Fields that a document selects, each place of a fragment counted: resolvers that begin at once. */
const FIELDS_MAX = 1_000;
const DEPTH_MAX = 20;

/** The limits of what an answer may come to, for Pothos' complexity plugin, which holds them before the first field. */
export const COMPLEXITY = {
  limit: { complexity: ANSWER_MAX, breadth: FIELDS_MAX, depth: DEPTH_MAX },
  fieldComplexity: (args: Record<string, unknown>, _context: unknown, field: FieldFacts) => ({
    field: 1,
    multiplier: itemsOf(args, field),
  }),
  complexityError: (
    kind: string,
    { complexity, breadth, depth }: { complexity: number; breadth: number; depth: number },
  ) => {
    const text: Readonly<Record<string, string>> = {
      Complexity: `this may come to ${Math.round(complexity)} fields, of at most ${ANSWER_MAX}: ask for shorter pages`,
      Breadth: `the document selects ${breadth} fields, of at most ${FIELDS_MAX}: ask in several requests`,
      Depth: `the document is ${depth} fields deep, of at most ${DEPTH_MAX}: ask in several requests`,
    };
    return new GraphQLError(text[kind] ?? "the document asks for too much at once", {
      extensions: { code: "LIMIT_EXCEEDED", http: { status: 400 } },
    });
  },
};

/** Of a GraphQLField, what is looked at. */
interface FieldFacts {
  readonly name: string;
  readonly type: unknown;
  readonly args: readonly { readonly name: string; readonly defaultValue?: unknown }[];
}

/** How many things a field is taken to give: what its `first` says, which a connection hands on to its edges. */
function itemsOf(given: Record<string, unknown>, { name, type, args }: FieldFacts): number {
  // Null says no more than nothing does: resolvers give what they give by default.
  const first = given.first ?? args.find((arg) => arg.name === "first")?.defaultValue;
  if (typeof first === "number") return Math.min(Math.max(first, 1), PAGE_MAX);
  if (name === "edges") return 1;
  return String(type).startsWith("[") ? LIST_ASSUMED : 1;
}
