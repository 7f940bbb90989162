/** The command `drill` as a process of its own, as a user runs it. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DrillEvent } from "../../src/drill/events.ts";
import { cleanEnvironment } from "./service.ts";
import { waitFor } from "./wait.ts";

const MAIN = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
/** For a busy machine. */
const EVENT_MS = 90_000;

export interface DrillRun {
  readonly process: ChildProcess;
  /** Where it makes its files; nothing else does. */
  readonly folder: string;
  /** Waits for an event, and gives it. */
  event<Type extends DrillEvent["type"]>(type: Type): Promise<Extract<DrillEvent, { type: Type }>>;
  /** Waits for its end. */
  ended(): Promise<{ code: number | null; events: readonly DrillEvent[]; errors: string }>;
}

export interface DrillRunOptions {
  readonly token?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function startDrill(words: readonly string[], { token, env = {} }: DrillRunOptions = {}): DrillRun {
  const folder = mkdtempSync(join(tmpdir(), "spillway-drill-test-"));
  const child = spawn(process.execPath, [MAIN, "drill", ...words, "--json"], {
    env: {
      ...cleanEnvironment(),
      TMPDIR: folder,
      ...(token === undefined ? {} : { SPILLWAY_TOKEN: token }),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const events = () =>
    output
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as DrillEvent);
  const closed = new Promise<number | null>((resolve) => child.once("close", resolve));
  return {
    process: child,
    folder,
    event: <Type extends DrillEvent["type"]>(type: Type) =>
      waitFor(
        `the event "${type}" of a drill`,
        () => {
          const found = events().find((event) => event.type === type);
          if (found !== undefined) return found as Extract<DrillEvent, { type: Type }>;
          if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}: ${errors}${output}`);
          return null;
        },
        { timeoutMs: EVENT_MS },
      ),
    ended: async () => ({ code: await closed, events: events(), errors }),
  };
}

/** A PATH without `unshare` and `ip`: no network can be made. `ss` is there where this machine has it. */
export function pathWithoutUnshare(): { readonly PATH: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "spillway-path-"));
  for (const from of (process.env.PATH ?? "").split(delimiter)) {
    if (!existsSync(join(from, "ss"))) continue;
    symlinkSync(join(from, "ss"), join(folder, "ss"));
    break;
  }
  return { PATH: folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
