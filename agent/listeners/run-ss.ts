import { DEADLINE_MS, type Ended, type Execute, executeBounded, OUTPUT_BYTES } from "./execute.ts";

/** What became of one run of ss. */
export type SsAnswer =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "absent"; readonly program: "ss" | "nsenter" }
  /** `forbidden`: it will be refused for every other namespace as well. */
  | { readonly kind: "failed"; readonly reason: string; readonly forbidden: boolean };

/** @param enter path of the network namespace to run it in; null for the agent's own. Never rejects. */
export type RunSs = (enter: string | null, signal: AbortSignal) => Promise<SsAnswer>;

/**
 * Listening (l) TCP (t) sockets, numeric (n), with memory (m) and details (e), without header (H), one line
 * each (O). -O came with iproute2 5.2 and -H with 4.6; an older ss is asked without, and parseSs reads that.
 */
const FLAGS = ["-ltnmeHO", "-ltnmeH", "-ltnme"] as const;

export function createSsRunner(execute: Execute = executeBounded): RunSs {
  let version = 0;
  return async (enter, signal) => {
    for (;;) {
      const ended = await run(enter, FLAGS[version] ?? FLAGS[2], execute, signal);
      const older = /invalid option|unrecognized option/.test(ended.stderr) && ended.code !== 0;
      if (!older || version === FLAGS.length - 1) return answerOf(ended, enter !== null);
      version += 1;
    }
  };
}

function run(enter: string | null, flags: string, execute: Execute, signal: AbortSignal): Promise<Ended> {
  if (enter === null) return execute("ss", [flags], signal);
  return execute("nsenter", [`--net=${enter}`, "--", "ss", flags], signal);
}

function answerOf({ stdout, stderr, code, tooLong }: Ended, entered: boolean): SsAnswer {
  if (code === 0) return { kind: "text", text: stdout };
  if (code === "ENOENT") return { kind: "absent", program: entered ? "nsenter" : "ss" };
  const said = stderr.trim().split("\n", 1).join("").slice(0, 200);
  if (entered && /failed to execute ss: No such file/.test(said)) return { kind: "absent", program: "ss" };
  const forbidden = code === "EACCES" || code === "EPERM" || /Operation not permitted/.test(said);
  const how = tooLong
    ? `it printed more than ${OUTPUT_BYTES} bytes`
    : code === null
      ? `it did not end within ${DEADLINE_MS} ms`
      : `it ended with ${code}`;
  return { kind: "failed", reason: said === "" ? how : `${how}: ${said}`, forbidden };
}
