import type { SyntaxNode } from "@lezer/common";
import { parser } from "@prometheus-io/lezer-promql";
import type { LabelMatcher, MatchOp } from "../../store/host-filter.ts";
import { requireModestMatchers } from "../../store/matcher-limits.ts";
import { parsePromDuration } from "./durations.ts";
import { badQuery, notAnswered } from "./fault.ts";
import { unquote } from "./strings.ts";
import {
  AGGREGATIONS,
  type AggregateExpr,
  ARITHMETIC,
  type BinaryExpr,
  type CallExpr,
  COMPARISONS,
  type Expr,
  type LabelSet,
  RANGE_FUNCTIONS,
  type SelectorExpr,
  type SeriesSelector,
} from "./syntax.ts";

/** Characters of a query at most. */
const QUERY_LENGTH = 10_000;
/** Parts within parts at most: a query is evaluated by a function that calls itself. */
const DEPTH_MAX = 100;

const OPS: Readonly<Record<string, MatchOp>> = { "=": "EQ", "!=": "NE", "=~": "RE", "!~": "NRE" };

const ANSWERED =
  "selectors, rate, increase, irate, sum, avg, min, max, count and topk with by or without, numbers, arithmetic and comparison are";

/**
 * The meaning of a query, by the grammar of Prometheus' own editor.
 *
 * @throws BAD_REQUEST for what is no PromQL, NOT_SUPPORTED for what is and is not answered here; each names the part
 */
export function parseQuery(query: string): Expr {
  const { reader, top } = readerOf(query);
  return reader.read(top, 0);
}

/** The meaning of a `match[]`: a selector, whose metric may be left open or be a pattern. @throws what `parseQuery` throws */
export function parseSelector(text: string): SeriesSelector {
  const { reader, top } = readerOf(text);
  if (top.name !== "VectorSelector")
    throw badQuery(`"${shown(text)}" is no selector, such as up{instance="a"}`);
  return reader.seriesSelector(top);
}

function readerOf(query: string): { readonly reader: Reader; readonly top: SyntaxNode } {
  if (query.length > QUERY_LENGTH) {
    throw badQuery(`it has ${query.length} characters; at most ${QUERY_LENGTH} are taken`);
  }
  const tree = parser.parse(query);
  tree.iterate({
    enter: ({ type, from, to }) => {
      if (!type.isError) return;
      const at = query.slice(from, Math.max(to, from + 1)).trim();
      throw badQuery(
        `a fault at character ${from + 1}${at === "" ? ", where it ends too early" : `: "${shown(at)}"`}`,
      );
    },
  });
  const top = tree.topNode.firstChild;
  if (top === null) throw badQuery("it is empty");
  return { reader: new Reader(query), top };
}

/** What may stand where a range does. */
const NOT_ANSWERED: readonly string[] = ["OffsetExpr", "StepInvariantExpr", "SubqueryExpr"];

class Reader {
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
  }

  read(node: SyntaxNode, depth: number): Expr {
    if (depth > DEPTH_MAX) throw badQuery(`it has more than ${DEPTH_MAX} parts within each other`);
    switch (node.name) {
      case "NumberDurationLiteral":
        return { type: "number", value: this.#number(node) };
      case "ParenExpr":
        return this.read(firstOf(node), depth + 1);
      case "UnaryExpr":
        return this.#unary(node, depth);
      case "BinaryExpr":
        return this.#binary(node, depth);
      case "AggregateExpr":
        return this.#aggregate(node, depth);
      case "FunctionCall":
        return this.#call(node);
      case "VectorSelector":
        return this.#selector(node);
      case "MatrixSelector":
        throw badQuery(
          `"${shown(this.#text(node))}" is a range and stands alone: ask for the rate or increase of it`,
        );
      default:
        throw notAnswered(`"${shown(this.#text(node))}" (${node.name})`, ANSWERED);
    }
  }

  #unary(node: SyntaxNode, depth: number): Expr {
    const of = this.read(lastOf(node), depth + 1);
    if (this.#text(firstOf(node)) === "+") return of;
    return of.type === "number" ? { type: "number", value: -of.value } : { type: "negate", of };
  }

  #binary(node: SyntaxNode, depth: number): Expr {
    const [left, ...rest] = childrenOf(node);
    const right = rest.at(-1);
    const opNode = rest[0];
    const op = [...ARITHMETIC, ...COMPARISONS].find(
      (one) => opNode !== undefined && one === this.#text(opNode),
    );
    if (left === undefined || right === undefined || op === undefined) {
      throw notAnswered(`the operator "${shown(opNode === undefined ? "" : this.#text(opNode))}"`, ANSWERED);
    }
    const clause = rest.find(({ name }) => name === "MatchingModifierClause");
    const bool = rest.some(({ name }) => name === "BoolModifier");
    if (bool && !COMPARISONS.some((one) => one === op))
      throw badQuery(`"bool" is for comparisons, and "${op}" is none`);
    const base = this.read(left, depth + 1);
    // The grammar takes the sign for a part of the number; a power binds closer.
    const signed = op === "^" && left.name === "NumberDurationLiteral" && this.#text(left).startsWith("-");
    const operation: BinaryExpr = {
      type: "binary",
      op,
      left: signed && base.type === "number" ? { type: "number", value: -base.value } : base,
      right: this.read(right, depth + 1),
      bool,
      matching: clause === undefined ? { except: true, names: [] } : this.#matching(clause),
    };
    return signed ? { type: "negate", of: operation } : operation;
  }

  #matching(clause: SyntaxNode): LabelSet {
    const joined = clause.getChild("GroupLeft") ?? clause.getChild("GroupRight");
    if (joined !== null) throw notAnswered(this.#text(joined), "vectors are matched one to one");
    return { except: clause.getChild("Ignoring") !== null, names: this.#labelNames(clause) };
  }

  #aggregate(node: SyntaxNode, depth: number): AggregateExpr {
    const name = this.#text(firstOf(node)).toLowerCase();
    const op = AGGREGATIONS.find((one) => one === name);
    if (op === undefined) throw notAnswered(`the aggregation "${name}"`, ANSWERED);
    const modifier = node.getChild("AggregateModifier");
    const labels: LabelSet =
      modifier === null
        ? { except: false, names: [] }
        : { except: modifier.getChild("Without") !== null, names: this.#labelNames(modifier) };
    const given = childrenOf(node.getChild("FunctionCallBody") ?? node);
    const of = given.at(-1);
    if (of === undefined || given.length !== (op === "topk" ? 2 : 1)) {
      throw badQuery(
        `${op} takes ${op === "topk" ? "a number and a vector" : "one vector"}, and was given ${given.length}`,
      );
    }
    return {
      type: "aggregate",
      op,
      labels,
      k: op === "topk" ? this.#k(given[0]) : null,
      of: this.read(of, depth + 1),
    };
  }

  #k(node: SyntaxNode | undefined): number {
    if (node?.name !== "NumberDurationLiteral")
      throw notAnswered("topk of a number that is worked out", "write the number");
    return Math.trunc(this.#number(node));
  }

  #call(node: SyntaxNode): CallExpr {
    const called = this.#text(firstOf(node));
    const name = RANGE_FUNCTIONS.find((one) => one === called);
    if (name === undefined) throw notAnswered(`the function "${shown(called)}"`, ANSWERED);
    const given = childrenOf(node.getChild("FunctionCallBody") ?? node);
    const [of] = given;
    if (of === undefined || given.length > 1)
      throw badQuery(`${name} takes one range, and was given ${given.length}`);
    if (of.name !== "MatrixSelector") {
      if (NOT_ANSWERED.includes(of.name))
        throw notAnswered(`"${shown(this.#text(of))}" (${of.name})`, ANSWERED);
      throw badQuery(`${name} takes a range, such as ${name}(node_netstat_TcpExt_ListenOverflows[5m])`);
    }
    const [selector, window] = childrenOf(of);
    const text = window === undefined ? "" : this.#text(window);
    const windowMs = parsePromDuration(text);
    if (selector === undefined || windowMs === null)
      throw badQuery(`"${shown(text)}" is no duration, such as 5m`);
    return { type: "call", name, of: this.#selector(selector), windowMs };
  }

  #selector(node: SyntaxNode): SelectorExpr {
    const { names, matchers } = this.seriesSelector(node);
    if (names.some(({ op }) => op !== "EQ"))
      throw notAnswered("a pattern for the name of a metric", "ask for one metric by its name");
    const metric = names.at(-1)?.value ?? "";
    if (metric === "") throw notAnswered("a selector without a metric", "ask for one metric by its name");
    return { type: "selector", metric, matchers };
  }

  seriesSelector(node: SyntaxNode): SeriesSelector {
    const identifier = node.getChild("Identifier");
    const names: LabelMatcher[] = [];
    const matchers: LabelMatcher[] = [];
    const named = (value: string) => names.push({ name: "__name__", op: "EQ", value });
    if (identifier !== null) named(this.#text(identifier));
    for (const part of childrenOf(node.getChild("LabelMatchers") ?? identifier ?? node)) {
      if (part.name === "QuotedLabelName") {
        named(this.#string(firstOf(part)));
        continue;
      }
      if (!part.name.endsWith("LabelMatcher")) continue;
      const [label, op, value] = childrenOf(part);
      if (label === undefined || op === undefined || value === undefined) continue;
      const matcher: LabelMatcher = {
        name: label.name === "LabelName" ? this.#text(label) : this.#string(label.firstChild ?? label),
        op: OPS[this.#text(op)] ?? "EQ",
        value: this.#string(value),
      };
      (matcher.name === "__name__" ? names : matchers).push(matcher);
    }
    requireModestMatchers([...names, ...matchers]);
    return { names, matchers };
  }

  #labelNames(node: SyntaxNode): string[] {
    const names = node.getChild("GroupingLabels");
    return names === null ? [] : childrenOf(names).map((name) => this.#text(name));
  }

  /** A number, or a duration, which is a number of seconds. */
  #number(node: SyntaxNode): number {
    const text = this.#text(node).replaceAll("_", "").toLowerCase();
    if (/^[-+]?(inf|nan)$/.test(text))
      return text === "nan" ? Number.NaN : Number(text.replace("inf", "Infinity"));
    const number = /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number(text);
    if (!Number.isNaN(number)) return number;
    const ms = parsePromDuration(text);
    if (ms === null) throw badQuery(`"${shown(text)}" is no number`);
    return ms / 1_000;
  }

  #string(node: SyntaxNode): string {
    const text = unquote(this.#text(node));
    if (text === null) throw badQuery(`${shown(this.#text(node))} has an escape that is none`);
    return text;
  }

  #text({ from, to }: SyntaxNode): string {
    return this.#query.slice(from, to);
  }
}

function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
}

function firstOf(node: SyntaxNode): SyntaxNode {
  return node.firstChild ?? node;
}

function lastOf(node: SyntaxNode): SyntaxNode {
  return node.lastChild ?? node;
}

/** As much of a query as an error repeats. */
function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
