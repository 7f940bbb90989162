/**
 * The server as a child process: started in a session of its own, watched, stopped.
 *
 * A session of its own, because Ctrl-C in a terminal goes to every process of the terminal's session, and
 * the server must outlive the service's own draining.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import type { Binaries } from "./binaries.ts";
import type { Layout } from "./layout.ts";
import { PORT } from "./layout.ts";
import type { Log } from "./log.ts";
import { OWNER_SETTING } from "./postmaster-file.ts";
import { describeProcess } from "./processes.ts";
import { BARE_ENVIRONMENT } from "./run-binary.ts";
import { ServerLog } from "./server-log.ts";
import type { ServerUser } from "./server-user.ts";

/** SIGINT ends all sessions and writes a checkpoint; SIGQUIT ends at once, and the next start recovers. */
const FAST_SHUTDOWN_MS = 8_000;
const IMMEDIATE_SHUTDOWN_MS = 8_000;

export interface ServerOptions {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly user: ServerUser;
  readonly durable: boolean;
  readonly log: Log;
}

export interface Server {
  readonly pid: number;
  /** Resolves, never rejects, when the process is gone. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly isRunning: () => boolean;
  /** The last lines that it has written. */
  readonly lastLines: () => readonly string[];
  /** @param graceMs how long the checkpoint of a fast shutdown may take. */
  stop(graceMs?: number): Promise<void>;
}

export async function spawnServer(options: ServerOptions): Promise<Server> {
  const args = settings(options, await describeProcess(process.pid)).flatMap(([name, value]) => [
    "-c",
    `${name}=${value}`,
  ]);
  const child = spawn(options.binaries.postgres, ["-D", options.layout.cluster, ...args], {
    ...options.user.spawnAs,
    cwd: "/",
    env: BARE_ENVIRONMENT,
    stdio: ["ignore", "ignore", "pipe"],
    detached: true,
  });
  const serverLog = new ServerLog(options.log);
  child.stderr.setEncoding("utf8").on("data", (text: string) => serverLog.write(text));
  const ended = new Promise<Awaited<Server["ended"]>>((resolve) => {
    // "close" comes when the last lines are read; processes of the server that outlive it can delay that.
    child.on("close", (code, signal) => resolve({ code, signal }));
    child.on(
      "exit",
      (code, signal) => void wait(500, undefined, { ref: false }).then(() => resolve({ code, signal })),
    );
    child.on("error", (error) => {
      serverLog.write(`${error.message}\n`);
      if (child.pid === undefined) resolve({ code: -1, signal: null });
    });
  });
  let running = child.pid !== undefined;
  void ended.then(() => {
    running = false;
  });
  let stopping: Promise<void> | undefined;
  return {
    pid: child.pid ?? -1,
    ended,
    isRunning: () => running,
    lastLines: () => serverLog.lastLines(),
    stop: (graceMs = FAST_SHUTDOWN_MS) => {
      stopping ??= running ? stop(child, ended, graceMs, options.log) : Promise.resolve();
      return stopping;
    },
  };
}

async function stop(child: ChildProcess, ended: Promise<unknown>, graceMs: number, log: Log): Promise<void> {
  child.kill("SIGINT");
  if (await within(ended, graceMs)) return;
  log.warn(`the embedded Postgres did not stop within ${graceMs / 1000} s: ending it at once`);
  child.kill("SIGQUIT");
  if (await within(ended, IMMEDIATE_SHUTDOWN_MS)) return;
  child.kill("SIGKILL");
  await ended;
}

async function within(ended: Promise<unknown>, ms: number): Promise<boolean> {
  const timer = new AbortController();
  const timeout = wait(ms, false, { signal: timer.signal }).catch(() => false);
  return Promise.race([ended.then(() => true), timeout]).finally(() => timer.abort());
}

/**
 * Given on the command line, so that they hold whatever the cluster's own files say, also for a cluster made
 * by an earlier version of the service.
 */
function settings({ layout, durable }: ServerOptions, owner: string): readonly (readonly [string, string])[] {
  const safety = durable ? "on" : "off";
  return [
    ["listen_addresses", ""],
    // A list of folders: quoted, since a comma in a folder's name would divide it.
    ["unix_socket_directories", `"${layout.socketDir.replaceAll('"', '""')}"`],
    ["unix_socket_permissions", "0700"],
    ["port", String(PORT)],
    ["password_encryption", "scram-sha-256"],
    ["fsync", safety],
    ["synchronous_commit", safety],
    ["full_page_writes", safety],
    // One small service: two pools of a dozen connections, the queue's and people's own. Tests run several at a time.
    ["max_connections", durable ? "60" : "240"],
    ["shared_buffers", "128MB"],
    ["jit", "off"],
    // A question about the fleet may touch every hourly partition with its indexes.
    ["max_locks_per_transaction", "256"],
    ["timezone", "UTC"],
    ["log_timezone", "UTC"],
    ["lc_messages", "C"],
    // To our own log, which bounds it. A statement in it could hold what a token or a label says.
    ["logging_collector", "off"],
    ["log_destination", "stderr"],
    ["log_line_prefix", ""],
    ["log_min_messages", "warning"],
    ["log_min_error_statement", "panic"],
    ["log_checkpoints", "off"],
    ["cluster_name", "spillway"],
    [OWNER_SETTING, owner],
  ];
}
