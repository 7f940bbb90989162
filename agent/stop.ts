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
