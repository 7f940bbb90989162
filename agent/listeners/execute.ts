import { execFile } from "node:child_process";

/** How a program ended, as execFile tells it. */
export interface Ended {
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Exit code, `ENOENT` and the like when it could not be started, null when it was killed. */
  readonly code: number | string | null;
  readonly tooLong: boolean;
}

/** Runs a program to its end. Never rejects. */
export type Execute = (file: string, args: readonly string[], signal: AbortSignal) => Promise<Ended>;

/** Generous: ss takes 2 ms. A machine that needs longer is in trouble, and the agent must not add to it. */
export const DEADLINE_MS = 5_000;
/** About 20,000 listeners. */
export const OUTPUT_BYTES = 4 * 1024 * 1024;
/** Not the user's: what root runs should not depend on it, and the PATH of a unit may lack the sbin folders. */
export const ENVIRONMENT = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/run/current-system/sw/bin",
  LC_ALL: "C",
};

/** By a process of its own, within the deadline and the bound of output. */
export function executeBounded(file: string, args: readonly string[], signal: AbortSignal): Promise<Ended> {
  const options = {
    env: ENVIRONMENT,
    timeout: DEADLINE_MS,
    killSignal: "SIGKILL",
    maxBuffer: OUTPUT_BYTES,
    encoding: "buffer",
    signal,
  } as const;
  return new Promise((resolve) => {
    try {
      execFile(file, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : (error.code ?? null);
        const tooLong = String(code) === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";
        resolve({ stdout, stderr: stderr.toString("utf8"), code, tooLong });
      });
    } catch (error) {
      // Out of processes or memory: spawn throws where it cannot even report.
      resolve({ stdout: Buffer.alloc(0), stderr: String(error), code: "EAGAIN", tooLong: false });
    }
  });
}
