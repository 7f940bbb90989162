import { z } from "zod";
import { SpillwayError } from "../../errors.ts";
import type { Db } from "../client.ts";
import { compileRules, type FileLabels, type LabelRule } from "./rules.ts";

const rulesSchema = z.array(z.object({ match: z.string(), labels: z.record(z.string(), z.string()) }));

/** The rules compiled last, by their text: hosts are many and rules hardly ever change. */
let compiled: { readonly text: string; readonly fileLabels: FileLabels } | null = null;

/**
 * The rules in force, as a function. Until the transaction ends nobody changes them, so a host that is made
 * in it is either seen by whoever applies new rules, or made by those.
 */
export async function shareRules(tx: Db): Promise<FileLabels> {
  const [row] = await tx.$queryRaw<{ rules: string }[]>`
    SELECT rules::text AS rules FROM label_rules WHERE id = 1 FOR SHARE`;
  const text = row?.rules ?? "[]";
  if (compiled?.text !== text) {
    compiled = { text, fileLabels: compileRules(parse(text)) };
  }
  return compiled.fileLabels;
}

function parse(text: string): LabelRule[] {
  const rules = rulesSchema.safeParse(JSON.parse(text));
  if (rules.success) return rules.data;
  throw new SpillwayError("INTERNAL", `label_rules: ${z.prettifyError(rules.error)}`);
}
