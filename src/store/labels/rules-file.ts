import { readFile } from "node:fs/promises";
import { type Document, isNode, LineCounter, type ParsedNode, parseDocument } from "yaml";
import { z } from "zod";
import { SpillwayError } from "../../errors.ts";
import { LIMITS } from "../../protocol/limits.ts";
import { checkLabel } from "./check.ts";
import { compileMatch, type LabelRule } from "./rules.ts";

const RULES_MAX = 1_000;
const FAULTS_SHOWN = 20;

const fileSchema = z
  .array(
    z.strictObject({
      match: z.string().min(1).max(LIMITS.textLength).superRefine(checkMatch),
      labels: z.record(z.string(), z.string()).superRefine((labels, context) => {
        for (const [name, value] of Object.entries(labels)) {
          const fault = checkLabel(name, value);
          if (fault !== null) context.addIssue({ code: "custom", path: [name], message: fault });
        }
      }),
    }),
  )
  .max(RULES_MAX);

function checkMatch(match: string, context: z.RefinementCtx): void {
  try {
    compileMatch(match);
  } catch (error) {
    context.addIssue({
      code: "custom",
      message: `not a regular expression of the RE2 syntax: ${(error as Error).message}`,
    });
  }
}

/**
 * Reads labels.yml.
 *
 * @returns its rules; null when there is no such file
 * @throws CONFIGURATION when it cannot be read, or names every fault with its line and column
 */
export async function readRulesFile(path: string): Promise<LabelRule[] | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new SpillwayError("CONFIGURATION", `cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  return parseRules(text, path);
}

/**
 * The rules in a text: a list of `{match, labels}`. An empty text has none.
 *
 * @param path of the file, for the faults
 * @throws CONFIGURATION with each fault as `path:line:column: what is wrong`
 */
export function parseRules(text: string, path: string): LabelRule[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${Math.max(1, line)}:${Math.max(1, col)}`;
  };
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0) throw faulty(syntax.map(({ pos, message }) => `${at(pos[0])}: ${message}`));

  const result = fileSchema.safeParse(document.toJS() ?? []);
  if (result.success) return result.data;
  throw faulty(result.error.issues.map((issue) => `${at(offsetOf(document, issue))}: ${textOf(issue)}`));
}

function textOf(issue: z.core.$ZodIssue): string {
  const path = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  return `${path.replace(/^\./, "") || "the file"}: ${issue.message}`;
}

/** Where the thing at fault begins: the value itself, or the nearest thing around it that is there. */
function offsetOf(document: Document.Parsed, issue: z.core.$ZodIssue): number {
  const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : [...issue.path];
  for (; path.length > 0; path.pop()) {
    const node = document.getIn(path, true) as ParsedNode | undefined;
    if (isNode(node) && node.range != null) return node.range[0];
  }
  return document.contents?.range?.[0] ?? 0;
}

function faulty(faults: readonly string[]): SpillwayError {
  const more = faults.length - FAULTS_SHOWN;
  const lines = ["the labels file has faults:", ...faults.slice(0, FAULTS_SHOWN)];
  if (more > 0) lines.push(`and ${more} more`);
  return new SpillwayError("CONFIGURATION", lines.join("\n  "));
}
