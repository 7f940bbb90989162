import { existsSync } from "node:fs";

/**
 * There while `install.sh --uninstall` stops the agent, and while systemd takes the host down: from `shutdown +5`
 * on, and from when users may no longer log in. Of every shutdown the last is among the first things, and the
 * agent's unit has it come before the agent is stopped (deploy/install.sh).
 */
const LEAVING_MARKS = ["/run/spillway-agent.leaving", "/run/systemd/shutdown/scheduled", "/run/nologin"];

/**
 * What the service is told of a stop: `leaving` for good, or `restarting` for a moment. Unless a person said
 * which, it is `leaving` when the agent is removed and when systemd shuts the host down, as far as their marks
 * tell: no process is started to ask, for that could hold up the shutdown.
 */
export function goodbyeOf(
  given: "leaving" | "restarting" | null,
  exists: (path: string) => boolean = existsSync,
): "leaving" | "restarting" {
  return given ?? (LEAVING_MARKS.some(exists) ? "leaving" : "restarting");
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
