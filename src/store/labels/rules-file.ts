import { z } from "zod";
import { LIMITS } from "../../protocol/limits.ts";
import { parseYaml, readTextFile } from "../../yaml-file.ts";
import { checkLabel } from "./check.ts";
import { compileMatch, type LabelRule } from "./rules.ts";

const RULES_MAX = 1_000;

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
  .max(RULES_MAX)
  .default([]);

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
  const text = await readTextFile(path);
  return text === null ? null : parseRules(text, path);
}

/**
 * The rules in a text: a list of `{match, labels}`. An empty text has none.
 *
 * @param path of the file, for the faults
 * @throws CONFIGURATION with each fault as `path:line:column: what is wrong`
 */
export function parseRules(text: string, path: string): LabelRule[] {
  return parseYaml({ text, path, called: "the labels file", schema: fileSchema });
}
