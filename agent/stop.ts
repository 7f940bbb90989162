import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * There while systemd takes the host down: the first from `shutdown +5` on, the second from when users may no
 * longer log in. Of every shutdown that is among the first things, and the agent's unit has it come before the
 * agent is stopped (deploy/install.sh).
 */
const SHUTDOWN_MARKS = ["/run/systemd/shutdown/scheduled", "/run/nologin"];
/** In the state folder, put there by `install.sh --uninstall`. */
const REMOVAL_MARK = "leaving";

/**
 * What the service is told of a stop: `leaving` for good, or `restarting` for a moment. Unless a person said
 * which, it is `leaving` when the agent is removed and when systemd shuts the host down, as far as their marks
 * tell: no process is started to ask, for that could hold up the shutdown.
 */
export function goodbyeOf(
  given: "leaving" | "restarting" | null,
  stateDir: string,
  exists: (path: string) => boolean = existsSync,
): "leaving" | "restarting" {
  const marks = [join(stateDir, REMOVAL_MARK), ...SHUTDOWN_MARKS];
  return given ?? (marks.some(exists) ? "leaving" : "restarting");
}

/** What ends an agent, as Node's process has it. */
export interface StopEvents {
  on(event: "SIGTERM" | "SIGINT" | "disconnect", listener: () => void): unknown;
}

/**
 * Resolves when the agent is asked to stop: by SIGTERM, by SIGINT, or by the end of the process that started
 * it with an IPC channel, so that a local agent does not outlive a service that was killed. A second signal
 * calls `exitNow`.
 */
export function untilStopped(events: StopEvents, exitNow: (signal: string) => void): Promise<string> {
  return new Promise((resolve) => {
    let asked = false;
    const onSignal = (signal: string) => {
      if (asked) exitNow(signal);
      asked = true;
      resolve(signal);
    };
    events.on("SIGTERM", () => onSignal("SIGTERM"));
    events.on("SIGINT", () => onSignal("SIGINT"));
    events.on("disconnect", () => {
      asked = true;
      resolve("the end of its parent");
    });
  });
}
