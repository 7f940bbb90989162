import type { Config } from "../config.ts";
import { SpillwayError } from "../errors.ts";
import type { PrismaClient } from "../store/client.ts";
import { applyRules } from "../store/labels/apply-rules.ts";
import type { LabelRule } from "../store/labels/rules.ts";
import { readRulesFile } from "../store/labels/rules-file.ts";
import type { Logger } from "../telemetry/log.ts";
import { atHangup } from "./at-hangup.ts";

type LabelsConfig = Pick<Config, "labelsFile" | "labelsFileNamed" | "databaseUrl">;

/**
 * The rules of the labels file.
 *
 * @returns null when there is no file and none is named: with a database of one's own another process may have
 *   it; with the embedded one there is no other, and no file is no rules
 * @throws CONFIGURATION when the file has faults, or is named and is not there
 */
export async function readLabelRules(config: LabelsConfig): Promise<LabelRule[] | null> {
  const rules = await readRulesFile(config.labelsFile);
  if (rules !== null) return rules;
  if (config.labelsFileNamed) {
    throw new SpillwayError(
      "CONFIGURATION",
      `there is no file ${config.labelsFile}: make it, or unset SPILLWAY_LABELS_FILE`,
    );
  }
  return config.databaseUrl === null ? [] : null;
}

/**
 * Puts the labels file in force now, and again at each SIGHUP. A file that has become faulty changes nothing:
 * the log says what is wrong with it, and the rules before it hold.
 *
 * @returns a function after which signals are no longer listened to
 * @throws CONFIGURATION for the file as it is now
 */
export async function keepLabelRules(
  config: LabelsConfig,
  db: PrismaClient,
  log: Logger,
  now: () => number,
): Promise<() => void> {
  const apply = async (): Promise<void> => {
    const rules = await readLabelRules(config);
    if (rules === null) return;
    const hosts = await applyRules(db, rules, now());
    log.info({ file: config.labelsFile, rules: rules.length, hosts }, "label rules are in force");
  };
  await apply();
  return atHangup(apply, log, "the labels file is not taken; the rules before it hold");
}
