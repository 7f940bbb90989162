/** Runs one of Postgres' programs to its end, as the user that runs the server. */
import { spawn } from "node:child_process";
import type { ServerUser } from "./server-user.ts";

export interface RunResult {
  /** -1 when the program could not be started at all; `output` then says why. */
  readonly code: number;
  /** What it wrote to both streams, in the order of arrival. */
  readonly output: string;
}

/**
 * The environment of every program of Postgres: nothing of ours, where a PGDATA or a LC_ALL meant for
 * something else would change what they do. Messages are in English, since some are read by code.
 */
export const BARE_ENVIRONMENT = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" } as const;

export async function runBinary(
  program: string,
  args: readonly string[],
  user: ServerUser,
): Promise<RunResult> {
  return new Promise((resolve) => {
    // The folder "/" can be entered by every user; the one that we are in perhaps not.
    const child = spawn(program, args, {
      ...user.spawnAs,
      cwd: "/",
      env: BARE_ENVIRONMENT,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text: string) => {
        output = (output + text).slice(-64 * 1024);
      });
    }
    child.on("error", (error) => resolve({ code: -1, output: error.message }));
    child.on("close", (code, signal) =>
      resolve({ code: code ?? -1, output: signal === null ? output : `${output}\nended by ${signal}` }),
    );
  });
}
