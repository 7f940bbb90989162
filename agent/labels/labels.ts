import { LIMITS } from "../../src/protocol/limits.ts";
import type { Settings } from "../config.ts";
import type { Env } from "../given.ts";
import type { LabelSource, Labels } from "./check.ts";
import { labelsOfCloud } from "./cloud.ts";
import { labelsOfFiles } from "./files.ts";
import { labelsOfEnvironment } from "./kubernetes.ts";

/**
 * The labels of this host from all sources, read once, at the start: flags outweigh files, files the
 * environment, and what the environment is told the metadata service of its cloud.
 */
export async function gatherLabels(
  { labels, labelsDir, cloud }: Pick<Settings, "labels" | "labelsDir" | "cloud">,
  env: Env,
  ofCloud: typeof labelsOfCloud = labelsOfCloud,
): Promise<LabelSource> {
  const sources = [labelsOfFiles(labelsDir), labelsOfEnvironment(env)];
  if (cloud !== null) sources.push(await ofCloud(cloud));
  const merged = mergeLabels([labels, ...sources.map((source) => source.labels)]);
  return {
    labels: merged.labels,
    warnings: [...sources.flatMap((source) => source.warnings), ...merged.warnings],
  };
}

/** @param sources the weightiest first. Beyond the most that are sent, the labels of the lightest are left out. */
export function mergeLabels(sources: readonly Labels[]): LabelSource {
  const labels = new Map<string, string>();
  const left = new Set<string>();
  for (const [name, value] of sources.flatMap((source) => Object.entries(source))) {
    if (labels.has(name)) continue;
    if (labels.size < LIMITS.labels) labels.set(name, value);
    else left.add(name);
  }
  const warnings =
    left.size === 0
      ? []
      : [
          `${labels.size + left.size} labels: at most ${LIMITS.labels} are sent, left out ${[...left].join(", ")}`,
        ];
  return { labels: Object.fromEntries(labels), warnings };
}
