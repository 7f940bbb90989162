/** A program of the bench as a process of its own, so that what it costs is not what is measured: both ends of it. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Workshop } from "./workshop.ts";

type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: string };

export interface Child<Command> {
  readonly pid: number;
  /** One command at a time. @throws Error with what the program says, or when it has ended */
  ask(command: Command): Promise<unknown>;
  stop(): Promise<void>;
}

/** @param program the module, as a URL */
export function startChild<Command extends object>(shop: Workshop, program: URL): Child<Command> {
  const child = fork(fileURLToPath(program), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const { stop } = shop.adopt(child);
  return {
    pid: child.pid ?? Number.NaN,
    ask: (command) =>
      new Promise((resolve, reject) => {
        const gone = () => reject(new Error("a program of the bench has ended"));
        child.once("exit", gone);
        child.once("message", (reply: Reply) => {
          child.off("exit", gone);
          if (reply.ok) resolve(reply.value);
          else reject(new Error(reply.error));
        });
        child.send(command);
      }),
    stop,
  };
}

/** In the program: obeys whoever started it, and ends with them. */
export function obeyParent<Command>(obey: (command: Command) => unknown): void {
  process.on("message", (command: Command) => {
    const reply = (one: Reply) => process.send?.(one);
    Promise.resolve()
      .then(() => obey(command))
      .then(
        (value) => reply({ ok: true, value }),
        (error: unknown) =>
          reply({ ok: false, error: error instanceof Error ? error.message : String(error) }),
      );
  });
  process.on("disconnect", () => process.exit(0));
}
