import type { Env } from "../given.ts";
import { type LabelSource, whyNotLabel } from "./check.ts";

/** What a pod is given of itself by the downward API, by the names that manifests commonly use. */
const DOWNWARD = { NODE_NAME: "node", POD_NAME: "pod", POD_NAMESPACE: "pod_namespace" } as const;

/** `SPILLWAY_AGENT_LABEL_RACK=a1` is the label `rack`; for what a manifest or an image knows of its host. */
export const LABEL_VARIABLE = "SPILLWAY_AGENT_LABEL_";

/** Labels of the environment; those that are named as labels outweigh those of the downward API. */
export function labelsOfEnvironment(env: Env): LabelSource {
  const labels: Record<string, string> = {};
  const warnings: string[] = [];
  const take = (variable: string, name: string) => {
    const value = env[variable]?.trim() ?? "";
    if (value === "") return;
    const problem = whyNotLabel(name, value);
    if (problem === null) labels[name] = value;
    else warnings.push(`left out the label of ${variable}: ${problem}`);
  };
  for (const [variable, name] of Object.entries(DOWNWARD)) take(variable, name);
  const given = Object.keys(env).filter((variable) => variable.startsWith(LABEL_VARIABLE));
  for (const variable of given.sort()) take(variable, labelNameOf(variable.slice(LABEL_VARIABLE.length)));
  return { labels, warnings };
}

/** Variables are written in capitals by custom, labels are not; a name in mixed case is meant as it is. */
function labelNameOf(suffix: string): string {
  return /[a-z]/.test(suffix) ? suffix : suffix.toLowerCase();
}
