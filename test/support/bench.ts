/** The benches as a person runs them, and what they leave behind. */
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { cleanEnvironment } from "./service.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface BenchEnd {
  readonly output: string;
  readonly errors: string;
  readonly code: number | null;
}

/** @param program such as bench/run.ts */
export function runBench(program: string, ...args: string[]): Promise<BenchEnd> {
  const child = spawn(process.execPath, ["--import", "tsx", program, ...args], {
    cwd: ROOT,
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ output, errors, code })));
}

/** Folders of a bench that are there: a Workshop's, by its name. */
export function benchFolders(bench: string): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`spillway-bench-${bench}-`));
}
