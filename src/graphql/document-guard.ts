import { type DocumentNode, GraphQLError, Kind, parse, type SelectionSetNode, visit } from "graphql";
import { TOKENS_MAX } from "./limits.ts";

/**
 * What a document may have at most, before it is validated: some of what a validator does grows with the square of
 * these, and it comes before any count of what the answer costs. The committed example queries
 * (src/graphql/examples) take a third of each or less.
 */
const MOST = {
  "levels of nesting": 25,
  "fragments and places that use them": 60,
  aliases: 60,
  directives: 50,
  "fields of one name in one selection": 20,
} as const;

const FRAGMENTS: ReadonlySet<string> = new Set([
  Kind.INLINE_FRAGMENT,
  Kind.FRAGMENT_SPREAD,
  Kind.FRAGMENT_DEFINITION,
]);

/**
 * The bound that a document's text goes over; null when it keeps to all of them, and for what cannot be parsed,
 * which GraphQL itself will say.
 */
export function costlyFault(source: string): GraphQLError | null {
  let document: DocumentNode;
  try {
    document = parse(source, { maxTokens: TOKENS_MAX });
  } catch (error) {
    return tooDeepFault(error);
  }
  try {
    refuseCostly(document);
    return null;
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
}

/** What a document is that the parser has no stack for: a list of lists of lists, within the tokens it may have. */
export function tooDeepFault(error: unknown): GraphQLError | null {
  if (!(error instanceof RangeError)) return null;
  return new GraphQLError("the document is nested too deeply: ask in several requests", {
    extensions: { code: "LIMIT_EXCEEDED" },
  });
}

/** @throws GraphQLError (LIMIT_EXCEEDED) that names the bound that the document goes over */
export function refuseCostly(document: DocumentNode): void {
  let nesting = 0;
  const found = { fragments: 0, aliases: 0, directives: 0 };
  visit(document, {
    SelectionSet: {
      enter(set) {
        nesting++;
        hold("levels of nesting", nesting);
        hold("fields of one name in one selection", mostRepeated(set));
      },
      leave() {
        nesting--;
      },
    },
    Field({ alias }) {
      if (alias !== undefined) hold("aliases", ++found.aliases);
    },
    Directive() {
      hold("directives", ++found.directives);
    },
    enter({ kind }) {
      if (FRAGMENTS.has(kind)) hold("fragments and places that use them", ++found.fragments);
    },
  });
}

/** How often the name that occurs most in an answer's object is written here. */
function mostRepeated({ selections }: SelectionSetNode): number {
  const times = new Map<string, number>();
  let most = 0;
  for (const selection of selections) {
    if (selection.kind !== "Field") continue;
    const key = (selection.alias ?? selection.name).value;
    const count = (times.get(key) ?? 0) + 1;
    times.set(key, count);
    most = Math.max(most, count);
  }
  return most;
}

function hold(what: keyof typeof MOST, count: number): void {
  if (count <= MOST[what]) return;
  throw new GraphQLError(`the document has more than ${MOST[what]} ${what}: ask in several requests`, {
    extensions: { code: "LIMIT_EXCEEDED" },
  });
}
