import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from "@pothos/core";
import {
  type FieldNode,
  type GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  locatedError,
  responsePathAsArray,
  type SelectionSetNode,
} from "graphql";
import type { AnswerBudget } from "./answer-budget.ts";
import { LIST_ASSUMED } from "./limits.ts";

/** What a number or a text in a list costs, in fields: it is written down, and nothing is resolved for it. */
const FIELDS_OF_VALUE = 0.1;

declare global {
  namespace PothosSchemaTypes {
    interface Plugins<Types extends SchemaTypes> {
      countLists: CountListsPlugin<Types>;
    }
  }
}

/**
 * Counts every list of an answer as it turns out, for the answer's budget: how long lists are is not known from the
 * document, and lists lead to lists again.
 */
class CountListsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types["Context"], object>,
    { type }: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types["Context"], object> {
    if (type.kind !== "List") return resolver;
    return (parent, args, context, info) => {
      const { budget } = context as { readonly budget: AnswerBudget };
      const fields = fieldsOfItem(info);
      const counted = (list: unknown) => {
        take(budget, (lengthOf(list) - LIST_ASSUMED) * fields, info);
        return list;
      };
      try {
        // The lists of a hundred thousand things are all begun before the first of them is there to be counted.
        take(budget, LIST_ASSUMED * fields, info);
        const list: unknown = resolver(parent, args, context, info);
        return list instanceof Promise ? list.then(counted) : counted(list);
      } catch (error) {
        // Not thrown: of the items of a list, graphql-js 16 lets go of those that have begun when one throws, and what
        // they reject with later would be nobody's.
        return Promise.reject(error);
      }
    };
  }
}

/** What an answer was refused for, and where: a hundred thousand lists that are refused after it are not told of each. */
const refusals = new WeakMap<AnswerBudget, GraphQLError>();

/** @throws LIMIT_EXCEEDED as `takeFields`, with its place in the answer */
function take(budget: AnswerBudget, count: number, { fieldNodes, path }: GraphQLResolveInfo): void {
  const before = refusals.get(budget);
  if (before !== undefined) throw before;
  try {
    budget.takeFields(count);
  } catch (error) {
    const refusal = locatedError(error, fieldNodes, responsePathAsArray(path));
    refusals.set(budget, refusal);
    throw refusal;
  }
}

function lengthOf(list: unknown): number {
  return Array.isArray(list) ? list.length : 0;
}

/** What is resolved for one item of a list: the item, and what is selected below it, each list once. */
function fieldsOfItem({ fieldNodes, fragments }: GraphQLResolveInfo): number {
  const below = fieldNodes.reduce((sum, { selectionSet }) => sum + fieldsIn(selectionSet, fragments), 0);
  return below === 0 ? FIELDS_OF_VALUE : 1 + below;
}

/** A list may be resolved a hundred thousand times for one place in a document: its selection is counted once. */
const known = new WeakMap<SelectionSetNode, number>();

function fieldsIn(set: FieldNode["selectionSet"], fragments: GraphQLResolveInfo["fragments"]): number {
  if (set === undefined) return 0;
  let count = known.get(set);
  if (count === undefined) {
    count = 0;
    for (const selection of set.selections) {
      if (selection.kind === "FragmentSpread") {
        count += fieldsIn(fragments[selection.name.value]?.selectionSet, fragments);
      } else count += fieldsIn(selection.selectionSet, fragments) + (selection.kind === "Field" ? 1 : 0);
    }
    known.set(set, count);
  }
  return count;
}

SchemaBuilder.registerPlugin("countLists", CountListsPlugin);
