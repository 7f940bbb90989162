import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type LabelSource, parseLabel } from "./check.ts";

export const DEFAULT_LABELS_DIR = "/etc/spillway/labels.d";

/** `*.conf`, and names without a dot: what editors and packages leave beside them (`.swp`, `~`) is not read. */
const READ = /^(?:[^.].*\.conf|[^.~]+)$/;
/** Far more than all the labels that are sent. */
const FILE_BYTES = 256 * 1024;

/**
 * Labels of the files in a folder, in the order of their names: lines `name=value`, `#` begins a comment line,
 * and what comes later wins. A folder that is not there has none, which is no fault of the default one.
 */
export function labelsOfFiles(folder: string): LabelSource {
  const labels = new Map<string, string>();
  const warnings: string[] = [];
  for (const name of namesIn(folder, warnings)) {
    const path = join(folder, name);
    try {
      const stat = statSync(path);
      if (!stat.isFile()) continue;
      if (stat.size > FILE_BYTES) throw new Error(`it has more than ${FILE_BYTES} bytes`);
      readLines(readFileSync(path, "utf8"), path, labels, warnings);
    } catch (error) {
      warnings.push(`left out the labels of ${path}: ${messageOf(error)}`);
    }
  }
  return { labels: Object.fromEntries(labels), warnings };
}

function namesIn(folder: string, warnings: string[]): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => READ.test(name))
      .sort();
  } catch (error) {
    const absent = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!absent || folder !== DEFAULT_LABELS_DIR) {
      warnings.push(
        `cannot read the labels of ${folder}: ${messageOf(error)}; mend the folder or --labels-dir`,
      );
    }
    return [];
  }
}

function readLines(text: string, path: string, labels: Map<string, string>, warnings: string[]): void {
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const label = parseLabel(line);
    if ("problem" in label) {
      warnings.push(`left out line ${index + 1} of ${path}, "${line.slice(0, 100)}": ${label.problem}`);
    } else labels.set(label.name, label.value);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
