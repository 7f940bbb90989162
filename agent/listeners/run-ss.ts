import { DEADLINE_MS, type Ended, type Execute, executeBounded, OUTPUT_BYTES } from "./execute.ts";

/** What became of one run of ss. */
export type SsAnswer =
  | { readonly kind: "output"; readonly output: Buffer }
  | { readonly kind: "absent"; readonly program: "ss" | "nsenter" }
  /** `forbidden`: it will be refused for every other namespace as well. */
  | { readonly kind: "failed"; readonly reason: string; readonly forbidden: boolean };

/** What ss is asked about listening (l) TCP (t) sockets, in flags that every version since 2.6 knows. */
const QUESTIONS = {
  /** With memory (m), as the kernel's tcp_diag gave it (D), to its output (-): parseDiag reads that. */
  sockets: ["-ltmD", "-"],
  /** As text, numeric (n), with details (e). Dear (cgroups.ts). */
  details: ["-ltne"],
} as const;

/** @param enter path of the network namespace to run it in; null for the agent's own. Never rejects. */
export type RunSs = (
  enter: string | null,
  signal: AbortSignal,
  question: keyof typeof QUESTIONS,
) => Promise<SsAnswer>;

export function createSsRunner(execute: Execute = executeBounded): RunSs {
  return async (enter, signal, question) => {
    const flags = QUESTIONS[question];
    const ended =
      enter === null
        ? await execute("ss", flags, signal)
        : await execute("nsenter", [`--net=${enter}`, "--", "ss", ...flags], signal);
    return answerOf(ended, enter !== null);
  };
}

function answerOf({ stdout, stderr, code, tooLong }: Ended, entered: boolean): SsAnswer {
  if (code === 0) return { kind: "output", output: stdout };
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
