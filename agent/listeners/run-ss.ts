import { execFile } from "node:child_process";

/** What became of one run of ss. */
export type SsAnswer =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "absent"; readonly program: "ss" | "nsenter" }
  /** `forbidden`: it will be refused for every other namespace as well. */
  | { readonly kind: "failed"; readonly reason: string; readonly forbidden: boolean };

/** @param enter path of the network namespace to run it in; null for the agent's own. Never rejects. */
export type RunSs = (enter: string | null, signal: AbortSignal) => Promise<SsAnswer>;

/** How a program ended, as execFile tells it. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code, `ENOENT` and the like when it could not be started, null when it was killed. */
  readonly code: number | string | null;
  readonly tooLong: boolean;
}

export type Execute = (file: string, args: readonly string[], signal: AbortSignal) => Promise<Ended>;

/** Generous: ss takes 3 ms. A machine that needs longer is in trouble, and the agent must not add to it. */
const DEADLINE_MS = 5_000;
/** About 20,000 listeners. */
const OUTPUT_BYTES = 4 * 1024 * 1024;
/** Not the user's: what root runs should not depend on it, and the PATH of a unit may lack the sbin folders. */
const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin",
  LC_ALL: "C",
};

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

function executeBounded(file: string, args: readonly string[], signal: AbortSignal): Promise<Ended> {
  const options = {
    env: ENVIRONMENT,
    timeout: DEADLINE_MS,
    killSignal: "SIGKILL",
    maxBuffer: OUTPUT_BYTES,
    encoding: "utf8",
    signal,
  } as const;
  return new Promise((resolve) => {
    try {
      execFile(file, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : (error.code ?? null);
        const tooLong = String(code) === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";
        resolve({ stdout, stderr, code, tooLong });
      });
    } catch (error) {
      // Out of processes or memory: spawn throws where it cannot even report.
      resolve({ stdout: "", stderr: String(error), code: "EAGAIN", tooLong: false });
    }
  });
}
