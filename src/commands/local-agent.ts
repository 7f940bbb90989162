import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Logger } from "../telemetry/log.ts";

export interface LocalAgentOptions {
  readonly server: string;
  readonly tokenFile: string;
  readonly stateDir: string;
  readonly log: Logger;
}

const RESTART_MS = { min: 1_000, max: 60_000 };

/**
 * Runs this host's agent as a process of its own, the same file that other hosts run, and starts it again
 * when it ends.
 *
 * @returns a function that asks it to stop, and waits for its last push
 */
export function startLocalAgent(options: LocalAgentOptions): (graceMs: number) => Promise<void> {
  const { log } = options;
  const file = agentFile();
  let child: ChildProcess | null = null;
  let timer: NodeJS.Timeout | null = null;
  let delay = RESTART_MS.min;
  let stopping = false;

  const start = () => {
    timer = null;
    const startedAt = performance.now();
    const args = [
      // With one arena of memory below: it does one thing at a time, and 1 to 2 MB are saved.
      "--v8-pool-size=1",
      file,
      "--server",
      options.server,
      "--token-file",
      options.tokenFile,
      "--state-dir",
      options.stateDir,
    ];
    const ended = (why: object) => {
      child = null;
      if (stopping || timer !== null) return;
      // One that ran for a while has earned a quick restart.
      delay =
        performance.now() - startedAt > RESTART_MS.max ? RESTART_MS.min : Math.min(delay * 2, RESTART_MS.max);
      log.warn({ ...why, restartInMs: delay }, "this host's agent has ended; it is started again");
      timer = setTimeout(start, delay);
    };
    try {
      // The channel tells the agent when this process is gone, however it went: it does not outlive us.
      const running = spawn(process.execPath, args, {
        stdio: ["ignore", "inherit", "inherit", "ipc"],
        env: { ...process.env, MALLOC_ARENA_MAX: "1" },
      });
      child = running;
      running.once("error", (error) => {
        log.error({ err: error }, "this host's agent failed");
        // What could not be started has no exit.
        if (running.pid === undefined) ended({});
      });
      running.once("exit", (code, signal) => ended({ code, signal }));
    } catch (error) {
      // Where there is no memory for another process, say, spawn throws.
      ended({ err: error });
    }
  };
  start();

  return async (graceMs) => {
    stopping = true;
    if (timer !== null) clearTimeout(timer);
    const running = child;
    if (running === null) return;
    const ended = new Promise((resolve) => running.once("exit", resolve));
    running.kill("SIGTERM");
    const kill = setTimeout(() => running.kill("SIGKILL"), graceMs * 0.8);
    await ended;
    clearTimeout(kill);
  };
}

/** The agent as one file: beside this in dist/, or in ../dist when this runs from its source. */
export function agentFile(): string {
  const beside = fileURLToPath(new URL("../agent.mjs", import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL("../../dist/agent.mjs", import.meta.url));
}
